// A user namespace for a command of an ordinary user.
#pragma once
#include "types.h"

#define ROOTLESS_VARIABLES 3
struct rootless_environment {
  char bytes[ROOTLESS_VARIABLES][48];
};
// Enters the namespaces of a living container of the user, or makes new ones. Writes MYCONTAINER_USERNS (full: a range
// of ids; single: one id; none: no namespace could be had), MYCONTAINER_ROOTLESS_UID and _GID to `environment`
// (with the closing NULL).
void enter_rootless(char **arguments, char **envp, struct rootless_environment *storage, char **environment);
