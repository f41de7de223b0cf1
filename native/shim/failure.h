// What happens when a step fails.
#pragma once
#include "interpret.h"

// Inner half: tells and dies with 127. Outer half: kills and reaps the guarded process, cleans up, tells, dies with 1.
_Noreturn void fail_program(struct machine *machine, u32 pc, s64 error);
// Tells of a failed start (RECORD_FAIL or RECORD_DIED), or prints it where there is nobody to tell.
bool tell_failure(struct machine *machine, u32 type, u32 pc, s64 value);
// Kills the process and waits for it, at most 10 s (it may hang in the kernel).
struct ending kill_and_reap(s64 pidfd);
