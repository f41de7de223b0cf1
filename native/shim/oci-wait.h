// A foreground `run` or `exec` of the OCI runtime: this process is the parent of what runs, and its terminal.
#pragma once
#include "types.h"

// What WAIT_CHILD carries.
struct wait_wish {
  u32 pid;
  u32 has_terminal; // the other end of its terminal comes over the console stream
};
// Passes on signals and, with a terminal, what is typed and shown. The exit code; 128 + n for signal n.
s32 wait_for_child(const struct wait_wish *wish, s64 console);
