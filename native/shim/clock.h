// Time: monotonic for waiting and records, real time as text for logs and state files.
#pragma once
#include "string.h"

u64 monotonic_ns(void);
u64 monotonic_ms(void);
u64 realtime_ns(void);
void sleep_ms(u64 ms);
// RFC 3339 in UTC with nanoseconds; trailing zeros of the fraction are dropped when `trim` (as Go's RFC3339Nano).
void add_time(struct text *text, u64 realtime, bool trim);
