// The zygote's children: outer halves, later monitors. One that was killed can report nothing itself.
#pragma once
#include "types.h"

// Children must not be ignored (SIGCHLD) and the signal be blocked; a descriptor that is readable when one has ended.
s64 open_child_events(void);
// Remember which program a child works on.
void add_child(u64 pid, u64 id);
// Reap those that the kernel has named; a RECORD_DIED with pc 0 to `stream` for each that a signal killed.
void reap_children(s64 events, s64 stream);
// When the others that may have ended with them are to be looked for, ms from now; -1: there are none.
s64 until_sweep_ms(void);
// Reap those, when it is time.
void sweep_children(s64 stream);
