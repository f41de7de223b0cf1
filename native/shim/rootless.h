// A user namespace for a command of an ordinary user.
#pragma once
#include "types.h"

#define ROOTLESS_VARIABLES 4
struct rootless_environment {
  char bytes[ROOTLESS_VARIABLES][48];
};
// Enters the namespaces of a living container of the user, or makes new ones. Writes MYCONTAINER_USERNS (full: a range
// of ids; single: one id; none: no namespace could be had), MYCONTAINER_ROOTLESS_UID and _GID, and MYCONTAINER_NETNS
// (shared: the network namespace of the user's bridges; host; none:
// it was wanted and could not be had) to `environment` (with the closing NULL).
void enter_rootless(bool is_runtime, char **arguments, char **envp, struct rootless_environment *storage, char **environment);
// For a command that is in the user namespace already and has found that it needs the bridges (MYCONTAINER_NETNS=own):
// its variable is replaced in place.
void enter_own_network(char **arguments, char **environment, struct rootless_environment *storage);
