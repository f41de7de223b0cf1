// /etc/subuid and /etc/subgid: NAME-or-UID:FIRST:COUNT.
#pragma once
#include "types.h"

#define MAX_RANGES 8
struct id_range {
  u64 first, count;
};
// How many ranges the user has in the file.
u32 read_ranges(const char *path, u64 uid, struct id_range ranges[MAX_RANGES]);
