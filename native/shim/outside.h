// The process of an ordinary user that stays in the host's network namespace, one for each network namespace of that
// user's containers, as long as somebody lives in there. It keeps the program that is their way out (way-out.c), and a
// socket by which ports of the host are published (forward.h).
#pragma once
#include "types.h"

// Name of its socket in the run folder.
#define OUTSIDE_SOCKET "outside"

// Whether there is one that listens.
bool outside_answers(s64 folder);
// Makes one, which waits until we are in the network namespace that it is for. A descriptor for finish_outside, or -errno.
s64 prepare_outside(s64 folder, char **envp);
// We are in there, or never will be. Comes back when the way out is there, if there is one.
void finish_outside(s64 outside, bool is_entered);
