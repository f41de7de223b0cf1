// The resident engine, as seen from the launcher.
#pragma once
#include "types.h"

// False: there is no engine, or it declined: nothing has happened. True: done, *code is the exit code.
bool ask_engine(const char *name, char **arguments, char **envp, s32 *code);
