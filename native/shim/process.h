// Processes and descriptors: the few calls that several modes need.
#pragma once
#include "types.h"

// Every signal back to SIG_DFL, and none blocked.
void reset_signals(void);
void unblock_signals(void);
void block_signals(void);
s64 kill_pidfd(s64 pidfd, u32 signal);

struct ending {
  bool known;
  u32 code;   // exit code, 0 when killed
  u32 signal; // 0: exited
};
// Waits up to wait_ms for the process behind pidfd and reaps it where it is a child of ours.
struct ending reap(s64 pidfd, u64 wait_ms);
// 0: nothing happened; else the poll events. wait_ms < 0: for ever.
u32 poll_one(s64 fd, u32 events, s64 wait_ms);
void set_nonblocking(s64 fd);
// Field 22 of /proc/PID/stat, 0 when it cannot be read.
u64 start_ticks(u64 pid);
// Reads up to capacity - 1 bytes and ends them with NUL. Length, or -errno.
s64 read_whole(s64 fd, char *buffer, u32 capacity);
// Writes all, whatever it takes (used for regular files and terminals). 0 or -errno.
s64 write_all(s64 fd, const void *bytes, size_t size);
void say(const char *a, const char *b, const char *c);
_Noreturn void leave(s32 code);
