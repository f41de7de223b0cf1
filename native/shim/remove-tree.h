// OP_REMOVE_TREE.
#pragma once
#include "types.h"

// Removes `name` below the directory, recursively, never through a symbolic link nor into another mount.
// 0 or -errno (-EXDEV: a mount point was in the way; -ENOENT when there was nothing).
s64 remove_tree(s64 directory, const char *name);
