// Joining a v1 control group waits for a grace period of RCU (10 to 17 ms) where nobody has joined one right before.
#pragma once
#include "types.h"

// Until something can be read from the descriptor, this process joins the v1 group that it is in, again and again: nothing
// is changed by it, and what comes next need not wait. Does nothing on hosts without v1 hierarchies.
void warm_groups_until(s64 fd);
