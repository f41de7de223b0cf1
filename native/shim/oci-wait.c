#include "oci-wait.h"
#include <asm/ioctls.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/poll.h>
#include <linux/signalfd.h>
#include <linux/wait.h>
#include "clock.h"
#include "message.h"
#include "process.h"
#include "string.h"
#include "syscall.h"
#include "terminal.h"

#define DRAIN_MS 1000
#define NO_CODE -1

static struct {
  u32 pid;
  s64 signals, master;
  s32 code;
  bool input_ended;
  u8 input[4096];
  u32 input_from, input_to;
} session;

static s64 receive_descriptor(s64 socket) {
  struct { u64 length; s32 level, type, fd, padding; } control = {0, 0, 0, -1, 0};
  u8 byte[64];
  struct iovec part = {byte, sizeof byte};
  struct message message = {0, 0, &part, 1, &control, sizeof control, 0};
  s64 got;
  do got = SYS3(recvmsg, socket, &message, 0x40000000 /* MSG_CMSG_CLOEXEC */);
  while (got == -EINTR);
  bool is_one = got > 0 && control.length == 20 && control.level == 1 /* SOL_SOCKET */ && control.type == 1 /* SCM_RIGHTS */;
  return is_one ? control.fd : -EPROTO;
}

static void reap_children(void) {
  s32 status;
  for (;;) {
    s64 pid = SYS4(wait4, -1, &status, WNOHANG | __WALL, 0);
    if (pid == -EINTR) continue;
    if (pid <= 0) {
      // Not a child of ours, for whatever reason: nobody can tell its code.
      if (pid == -ECHILD && session.code == NO_CODE) session.code = 255;
      return;
    }
    if (pid != session.pid) continue;
    u32 signal = (u32)status & 127;
    session.code = signal ? 128 + (s32)signal : status >> 8 & 255;
  }
}

static void pass_on_size(void) {
  u16 bytes[4] = {0, 0, 0, 0};
  if (session.master < 0 || !window_size(0, bytes)) return;
  SYS3(ioctl, session.master, TIOCSWINSZ, bytes);
}

static void read_signal(void) {
  struct signalfd_siginfo info;
  if (SYS3(read, session.signals, &info, sizeof info) != sizeof info) return;
  switch (info.ssi_signo) {
    case SIGCHLD: reap_children(); return;
    case SIGWINCH: pass_on_size(); return;
    case SIGURG: case SIGPIPE: case SIGTTIN: case SIGTTOU: return;
    default: SYS2(kill, session.pid, info.ssi_signo);
  }
}

static void read_input(void) {
  s64 got = SYS3(read, 0, session.input, sizeof session.input);
  if (got == -EINTR || got == -EAGAIN) return;
  session.input_from = 0;
  session.input_to = got > 0 ? (u32)got : 0;
  if (got <= 0) {
    session.input_ended = true;
    session.input[0] = 4; // what ends the input of a terminal
    session.input_to = 1;
  }
}

static void write_input(void) {
  s64 put = SYS3(write, session.master, session.input + session.input_from, session.input_to - session.input_from);
  if (put > 0) session.input_from += (u32)put;
  else if (put != -EAGAIN && put != -EINTR) session.input_from = session.input_to;
}

// False: nobody has the other end open any more.
static bool show_output(void) {
  static u8 output[8192];
  s64 got = SYS3(read, session.master, output, sizeof output);
  if (got == -EINTR || got == -EAGAIN) return true;
  if (got <= 0) return false;
  write_all(1, output, (size_t)got);
  return true;
}

static void serve(void) {
  bool pending = session.input_from < session.input_to;
  struct pollfd set[3] = {{(s32)session.signals, POLLIN, 0},
                          {(s32)session.master, (short)(POLLIN | (pending ? POLLOUT : 0)), 0},
                          {session.master < 0 || pending || session.input_ended ? -1 : 0, POLLIN, 0}};
  if (is_error(SYS5(ppoll, set, 3, 0, 0, 8))) return;
  if (set[2].revents) read_input();
  if (set[1].revents & POLLOUT) write_input();
  if (set[1].revents & (POLLIN | POLLHUP | POLLERR) && !show_output()) {
    SYS1(close, session.master);
    session.master = -1;
  }
  if (set[0].revents) read_signal();
}

static void drain(void) {
  u64 deadline = monotonic_ms() + DRAIN_MS;
  while (session.master >= 0 && monotonic_ms() < deadline && poll_one(session.master, POLLIN, 0) & POLLIN)
    if (!show_output()) return;
}

s32 wait_for_child(const struct wait_wish *wish, s64 console) {
  u64 all = ~0ul;
  session.pid = wish->pid;
  session.code = NO_CODE;
  session.master = wish->has_terminal ? receive_descriptor(console) : -1;
  SYS4(rt_sigprocmask, SIG_BLOCK, &all, 0, 8);
  session.signals = SYS4(signalfd4, -1, &all, 8, 0x80800 /* SFD_CLOEXEC | SFD_NONBLOCK */);
  if (session.master >= 0) {
    set_nonblocking(session.master);
    pass_on_size();
    make_raw(0);
  }
  reap_children();
  while (session.code == NO_CODE) serve();
  drain();
  restore_terminal();
  return session.code;
}
