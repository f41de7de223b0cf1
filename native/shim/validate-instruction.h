// One instruction at a time; the sections have been checked before.
#pragma once
#include "program.h"

// 0, or enum invalid_reason.
u32 check_instruction(const struct header *header, u32 pc);
// Can nothing follow it?
bool is_terminal(const struct instruction *ins);
