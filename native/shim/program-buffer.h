// The one program that this process holds: 4 MiB of zero pages that cost nothing until used.
#pragma once
#include "program.h"

extern u8 program_buffer[PROGRAM_MAX_SIZE + 16];
// 1: all of it read, 0: end of the stream before the first byte, -errno.
s64 read_exactly(s64 fd, u8 *at, u32 size);
// Reads one framed program. 1: there, 0: end of the stream, -errno: broken (-EPROTO: not a program).
s64 read_program(s64 fd);
// Gives the pages before `keep_from` (an offset) back, the header excepted, and those of the why section.
void release_program(u32 keep_from);
