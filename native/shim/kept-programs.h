// Programs that a zygote keeps, so that the next of the same kind comes as what is different in it.
#pragma once
#include "program.h"

// The program, found valid, that its header asks to keep. What there is no memory for is not kept.
void keep_program(const struct header *header);
// One that was found invalid: nothing else goes by its number.
void forget_program(const struct header *header);
// Is what read_program refused the start of a fill?
bool is_fill(const struct header *header);
// Reads the rest of it and puts the program that it makes into program_buffer. 1: there, to be validated; 0, -errno: as
// read_program; -EINVAL: no such program or patch, with nothing but the id in the header.
s64 read_fill(s64 fd);
