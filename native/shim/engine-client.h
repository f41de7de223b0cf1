// The resident engine, as seen from the launcher.
#pragma once
#include "types.h"

// False: there is no engine, or it declined: nothing has happened. True: done, *code is the exit code.
// argv: NAME ROOT ARGS… as the `client` mode has them.
bool ask_engine(char **argv, char **envp, s32 *code);
