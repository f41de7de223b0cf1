#include "process.h"
#include <linux/poll.h>
#include <linux/wait.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include "clock.h"
#include "string.h"
#include "syscall.h"

struct kernel_sigaction { // SIG_DFL is all zeros on both architectures
  u64 handler, flags, restorer, mask;
};

void reset_signals(void) {
  struct kernel_sigaction none = {0, 0, 0, 0};
  for (u32 signal = 1; signal <= 64; signal++) SYS4(rt_sigaction, signal, &none, 0, 8);
  unblock_signals();
}

void unblock_signals(void) {
  u64 empty = 0;
  SYS4(rt_sigprocmask, SIG_SETMASK, &empty, 0, 8);
}

void block_signals(void) {
  u64 all = ~0ul;
  SYS4(rt_sigprocmask, SIG_SETMASK, &all, 0, 8);
}

s64 kill_pidfd(s64 pidfd, u32 signal) { return SYS4(pidfd_send_signal, pidfd, signal, 0, 0); }

u32 poll_one(s64 fd, u32 events, s64 wait_ms) {
  struct pollfd one = {(s32)fd, (short)events, 0};
  s64 time[2] = {wait_ms / 1000, wait_ms % 1000 * 1000000};
  s64 ready = SYS5(ppoll, &one, 1, wait_ms < 0 ? 0 : time, 0, 8);
  return ready > 0 ? (u32)(u16)one.revents : 0;
}

struct ending reap(s64 pidfd, u64 wait_ms) {
  struct ending ending = {false, 0, 0};
  siginfo_t info;
  memset(&info, 0, sizeof info);
  poll_one(pidfd, POLLIN, (s64)wait_ms);
  if (is_error(SYS5(waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG | __WALL, 0)) || info.si_pid == 0) return ending;
  ending.known = true;
  if (info.si_code == CLD_EXITED) ending.code = (u32)info.si_status & 255;
  else ending.signal = (u32)info.si_status & 127;
  return ending;
}

void set_nonblocking(s64 fd) {
  s64 flags = SYS2(fcntl, fd, F_GETFL);
  if (!is_error(flags)) SYS3(fcntl, fd, F_SETFL, flags | O_NONBLOCK);
}

s64 read_whole(s64 fd, char *buffer, u32 capacity) {
  u32 length = 0;
  while (length < capacity - 1) {
    s64 got = SYS3(read, fd, buffer + length, capacity - 1 - length);
    if (got == -EINTR) continue;
    if (is_error(got)) return got;
    if (got == 0) break;
    length += (u32)got;
  }
  buffer[length] = 0;
  return length;
}

u64 start_ticks(u64 pid) {
  TEXT(path, 40);
  char stat[1024];
  add(&path, "/proc/");
  add_number(&path, (s64)pid);
  add(&path, "/stat");
  s64 fd = SYS4(openat, AT_FDCWD, path.at, O_RDONLY | O_CLOEXEC, 0);
  if (is_error(fd)) return 0;
  s64 length = read_whole(fd, stat, sizeof stat);
  SYS1(close, fd);
  if (is_error(length)) return 0;
  // The name (field 2) may hold anything: count from its last parenthesis. The state is field 3.
  s64 at = length;
  while (at > 0 && stat[at - 1] != ')') at--;
  for (u32 field = 2; stat[at]; at++) {
    if (stat[at] != ' ' || ++field != 22) continue;
    const char *number = stat + at + 1;
    u64 ticks;
    return parse_decimal(&number, &ticks) ? ticks : 0;
  }
  return 0;
}

s64 write_all(s64 fd, const void *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    s64 put = SYS3(write, fd, (const u8 *)bytes + done, size - done);
    if (put == -EINTR) continue;
    if (put == -EAGAIN) poll_one(fd, POLLOUT, -1);
    else if (is_error(put)) return put;
    else done += (size_t)put;
  }
  return 0;
}

void say(const char *a, const char *b, const char *c) {
  TEXT(text, 1024);
  add(&text, "mycontainer: ");
  add(&text, a);
  add(&text, b);
  add(&text, c);
  add(&text, "\n");
  write_all(2, text.at, text.length);
}

_Noreturn void leave(s32 code) {
  SYS1(exit_group, code);
  __builtin_unreachable();
}
