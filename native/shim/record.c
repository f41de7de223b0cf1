#include "record.h"
#include <linux/poll.h>
#include "clock.h"
#include "process.h"
#include "syscall.h"

#define SEND_FLAGS 0x4040 // MSG_NOSIGNAL | MSG_DONTWAIT

// A Unix socket takes a message of this size whole or not at all, and so does a pipe (below PIPE_BUF).
static s64 try_send(s64 fd, const struct record *record) {
  s64 sent = SYS6(sendto, fd, record, sizeof *record, SEND_FLAGS, 0, 0);
  if (sent != -ENOTSOCK) return sent;
  u32 ready = poll_one(fd, POLLOUT, 0);
  if (ready & POLLERR) return -EPIPE;
  return ready & POLLOUT ? SYS3(write, fd, record, sizeof *record) : -EAGAIN;
}

bool send_record(s64 fd, const struct record *record, u64 wait_ms) {
  u64 deadline = 0;
  for (;;) {
    s64 sent = try_send(fd, record);
    if (!is_error(sent)) return true;
    if (sent != -EAGAIN && sent != -EINTR && sent != -ENOBUFS) return false;
    u64 now = monotonic_ms();
    if (deadline == 0) deadline = now + wait_ms;
    if (now >= deadline) return false;
    poll_one(fd, POLLOUT, (s64)(deadline - now));
  }
}
