// What the attach client reads of the state folder besides the socket.
#pragma once
#include "types.h"

// A connected socket, or -errno. Waits up to wait_ms for the monitor to listen; -ECANCELED: an `exit` file is there.
s64 connect_monitor(s64 state_dir, u64 wait_ms);
struct outcome {
  bool known, failed;
  s32 code;
  s32 pc, error, signal;
};
struct outcome read_outcome(s64 state_dir);
