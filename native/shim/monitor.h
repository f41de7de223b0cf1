// The monitor: what the outer half becomes once the inner half is on its way.
#pragma once
#include "interpret.h"

_Noreturn void monitor(struct machine *machine, const struct monitor *options);
// OP_TELL_END; nothing but in the cleanup section of a monitor whose child ran.
void tell_end(void);
