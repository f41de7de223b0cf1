// Node beside the launcher, for commands that end as the terminal of a container or with a code of their own.
#pragma once
#include "types.h"

#define LAUNCHER_VARIABLE_SIZE 32
// Runs `execute` (which becomes Node) in a child that finds MYCONTAINER_LAUNCHER=N in its environment: a stream where it
// says what is left to do, as ATTACH_TO, WAIT_CHILD or DONE of program.h, and then waits to be killed. Without such a word
// the child's end is ours. `wait` does what WAIT_CHILD asks for and gives the exit code; its payload has room for one byte
// more. `envp` has room for one more variable; the descriptor `given` is the child's alone.
// False: there is no child; *code is the exit code otherwise.
bool run_node_beside(char **argv, char **envp, s64 given, int (*execute)(char **argv, char **envp),
                     s32 (*wait)(u8 *payload, u32 length), s32 *code);
