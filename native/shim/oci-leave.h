// The end of an outer half that leaves its child to whoever reaps orphans: OCI engines watch containers themselves.
#pragma once
#include "interpret.h"

// Waits until the inner half stands at its gate (RECORD_CREATED, and the file `process`) or runs its program
// (RECORD_EXEC), tells, and ends. A child that fails before is killed, reaped, cleaned up after and told of.
_Noreturn void leave_child(struct machine *machine, const struct monitor *options);
