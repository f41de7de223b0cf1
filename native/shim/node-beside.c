#include "node-beside.h"
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/signalfd.h>
#include "launcher-frames.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

static u8 payload[LARGEST_FRAME + 1]; // and a NUL

// Whoever kills this process means the command: no Node goes on without it.
static void die_with(s64 parent) {
  SYS5(prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (SYS0(getppid) != parent) leave(125);
}

// What a terminal sends goes to Node too; what is sent to this process alone is meant for it.
static void pass_on_signal(s64 signals, s64 child) {
  struct signalfd_siginfo info;
  if (SYS3(read, signals, &info, sizeof info) != sizeof info) return;
  if (info.ssi_code != SI_KERNEL && info.ssi_signo != SIGWINCH) SYS2(kill, child, info.ssi_signo);
}

static void let_signals_through(s64 signals) {
  u64 none = 0;
  SYS1(close, signals);
  SYS4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
}

// As a shell would have seen it without us in between.
static s32 end_like(s64 child) {
  s32 status = 0;
  while (SYS4(wait4, child, &status, 0, 0) == -EINTR) continue;
  u32 signal = (u32)status & 127;
  if (signal == 0) return status >> 8 & 255;
  reset_signals();
  SYS2(kill, SYS0(getpid), signal);
  return 128 + (s32)signal;
}

static s32 await_word(s64 stream, s64 child, char **envp, s32 (*wait)(u8 *payload, u32 length)) {
  struct frame frame = {0, {0}, 0};
  s64 signals = open_signals();
  for (;;) {
    struct pollfd set[2] = {{(s32)stream, POLLIN, 0}, {(s32)signals, POLLIN, 0}};
    if (is_error(SYS5(ppoll, set, 2, 0, 0, 8))) continue;
    if (set[1].revents) pass_on_signal(signals, child);
    if (set[0].revents) break;
  }
  if (!receive_frame(stream, &frame, payload)) {
    s32 code = end_like(child);
    let_signals_through(signals);
    return code;
  }
  // It waits for this. Its own way to end takes milliseconds, and sets the terminal as it was when it began.
  SYS2(kill, child, SIGKILL);
  SYS1(close, stream);
  let_signals_through(signals);
  if (frame.type == FRAME_WAIT_CHILD && wait) return wait(payload, frame.length);
  if (frame.type == FRAME_ATTACH_TO) return attach_as_told(payload, frame.length, envp);
  s32 code = 125;
  if (frame.type == FRAME_DONE && frame.length >= sizeof code) memcpy(&code, payload, sizeof code);
  return code;
}

bool run_node_beside(char **argv, char **envp, s64 given, int (*execute)(char **argv, char **envp),
                     s32 (*wait)(u8 *payload, u32 length), s32 *code) {
  s32 ends[2];
  u64 count = 0;
  if (is_error(SYS4(socketpair, 1 /* AF_UNIX */, 1 /* SOCK_STREAM */, 0, ends))) return false;
  s64 self = SYS0(getpid);
  s64 child = SYS5(clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    char storage[LAUNCHER_VARIABLE_SIZE];
    struct text variable = {storage, sizeof storage, 0, false};
    die_with(self);
    SYS1(close, ends[0]);
    add(&variable, "MYCONTAINER_LAUNCHER=");
    add_number(&variable, ends[1]);
    while (envp[count]) count++;
    envp[count] = storage;
    envp[count + 1] = 0;
    leave(execute(argv, envp));
  }
  SYS1(close, ends[1]);
  if (is_error(child)) {
    SYS1(close, ends[0]);
    return false;
  }
  SYS1(close, given);
  *code = await_word(ends[0], child, envp, wait);
  return true;
}
