// The user's terminal.
#pragma once
#include "types.h"

bool is_terminal_fd(s64 fd);
// Byte by byte, unchanged, no echo; remembers how it was.
void make_raw(s64 fd);
// Back to what it was before make_raw; does nothing when that was not called.
void restore_terminal(void);
// Rows and columns; false: not a terminal, or unknown.
bool window_size(s64 fd, u16 size[2]);
