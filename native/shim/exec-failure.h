// Why an execve failed, where nobody of ours is left to ask.
#pragma once
#include "interpret.h"

// Prints it to standard error, with what to do about it. False: step `pc` is no execve of a path.
bool say_failed_execve(const struct machine *machine, u32 pc, s64 error);
