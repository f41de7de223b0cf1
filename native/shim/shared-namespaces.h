// The processes inside an ordinary user's namespaces: one line "PID START_TICKS" each in the file `userns` of the run
// folder, with " net" behind it where the process is in the user's own network namespace too.
#pragma once
#include "types.h"

// Opens the file (made when missing, and the folders above it) and locks it until close_members.
s64 open_members(char **arguments, char **envp);
// The same in a run folder that is open and there.
s64 lock_members(s64 folder);
// A pidfd of somebody who lives in a user's network namespace, and is wanted (0: anybody is). -ESRCH: nobody does.
s64 living_member(s64 file, bool (*is_wanted)(u64 pid));
// Enters the namespaces `types` (CLONE_…) of a living member. False: none lives that has them.
bool enter_member(s64 file, u64 types, bool with_network);
// Adds this process and drops those that have ended, then gives the lock back.
void join_members(s64 file, bool with_network);
void close_members(s64 file);
