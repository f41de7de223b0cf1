// Where the engine's socket and the rootless `userns` file are.
#pragma once
#include "string.h"

// The run folder's path, by --root DIR (first argument), MYCONTAINER_ROOT, or who we are. False: too long.
bool run_folder(struct text *path, char **arguments, char **envp);
// Opened, when it is a folder that belongs to us (or to root) and that nobody else can write; else -errno.
s64 open_run_folder(char **arguments, char **envp);
// Owned by us or by root?
bool is_ours(u32 uid);
// Below a folder, never through a symbolic link: of this file type (S_IF…), ours?
bool is_our_file(s64 directory, const char *name, u32 type);
