// Running another program in place of this one.
#pragma once

const char *environment_value(char **envp, const char *name);
// execve along PATH where `argv[0]` has no slash. Comes back with -errno (-EACCES before -ENOENT, as shells do).
long execute_along_path(char **argv, char **envp);
