// The key sequence that leaves a container running.
#pragma once
#include "types.h"

// Copies `bytes` to `to` (room for size + strlen(keys)) without a pending start of the sequence, which is kept for the
// next call and given out when it turns out to be something else. The count; *detached: the sequence was complete.
u32 filter_detach_keys(const char *keys, const u8 *bytes, u32 size, u8 *to, bool *detached);
