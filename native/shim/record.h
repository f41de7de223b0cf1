// Sending records: one atomic message each, never blocking for long.
#pragma once
#include "program.h"

#define RECORD_WAIT_MS 2000

// False: the other end is gone, or did not read for wait_ms.
bool send_record(s64 fd, const struct record *record, u64 wait_ms);
