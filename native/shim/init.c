// `init [-s] -- ARGV…`: PID 1 of a container that did not ask to be one. Starts ARGV, passes every signal on, reaps
// whatever is orphaned, and ends as ARGV ended (128 + n for signal n). -s: become a subreaper where we are not PID 1.
// It is executed through an inherited descriptor and needs nothing from the container's file system.
// An empty name is no program: then it is there for others that join its PID namespace, until SIGTERM or SIGINT.
#include "init.h"
#include <asm/ioctls.h>
#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/prctl.h>
#include <linux/wait.h>
#include "execute.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

static _Noreturn void run_child(char **argv, char **envp) {
  s32 group = (s32)SYS0(getpid);
  SYS2(setpgid, 0, 0);
  SYS3(ioctl, 0, TIOCSPGRP, &group); // not a terminal: nothing to do
  reset_signals();
  long error = execute_along_path(argv, envp);
  TEXT(number, 24);
  add_number(&number, -error);
  say(argv[0], error == -ENOENT ? ": not found, errno " : ": cannot be executed, errno ", number.at);
  leave(error == -ENOENT ? 127 : 126);
}

// Reaps everybody who has ended. True: the child was among them, and code is set.
static bool reap_all(s64 child, s32 *code) {
  bool ended = false;
  for (;;) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (is_error(SYS5(waitid, P_ALL, 0, &info, WEXITED | WNOHANG | __WALL, 0)) || info.si_pid == 0) return ended;
    if (info.si_pid != child) continue;
    ended = true;
    *code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
  }
}

static int hold_namespace(void) {
  for (;;) {
    u64 all = ~0ul;
    siginfo_t info;
    s32 code;
    s64 signal = SYS4(rt_sigtimedwait, &all, &info, 0, 8);
    if (signal == SIGCHLD) reap_all(-1, &code);
    if (signal == SIGTERM || signal == SIGINT) return 0;
  }
}

int init_main(char **argv, char **envp) {
  s32 code = 0;
  bool subreaper = argv[0] && same(argv[0], "-s");
  argv += subreaper;
  if (argv[0] && same(argv[0], "--")) argv++;
  if (!argv[0]) {
    say("init: no program given", "", "");
    return 125;
  }
  SYS5(prctl, PR_SET_NAME, "init", 0, 0, 0);
  if (subreaper) SYS5(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  // Blocked, not ignored: they are fetched one by one, and none can kill us.
  block_signals();
  if (!argv[0][0]) return hold_namespace();
  s64 child = system_call(__NR_clone, SIGCHLD, 0, 0, 0, 0, 0);
  if (is_error(child)) {
    say("init: cannot start a process", "", "");
    return 125;
  }
  if (child == 0) run_child(argv, envp);
  for (;;) {
    u64 all = ~0ul;
    siginfo_t info;
    s64 signal = SYS4(rt_sigtimedwait, &all, &info, 0, 8);
    if (signal == SIGCHLD) {
      if (reap_all(child, &code)) return code;
    } else if (signal == SIGTTIN || signal == SIGTTOU) {
      continue; // our own, for being in the background
    } else if (signal > 0) SYS2(kill, child, signal);
  }
}
