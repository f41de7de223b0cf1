// One process that forks a child per program. Descriptor 3 is a Unix stream: programs come in back to back, records
// of all children go out. Descriptors 0, 1, 2 become /dev/null: a monitor must not keep the launcher's pipes open.
// The children (outer halves) live on when the zygote ends.
#include "zygote.h"
#include <asm/signal.h>
#include <linux/close_range.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include "children.h"
#include "interpret.h"
#include "kept-programs.h"
#include "process.h"
#include "program-buffer.h"
#include "record.h"
#include "seal.h"
#include "string.h"
#include "syscall.h"
#include "warm-groups.h"

#define STREAM 3
#define LARGE (256u << 10)

static struct machine machine;
static s64 child_events = -1;

static void use_null_stdio(void) {
  s64 null = SYS4(openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
  if (is_error(null)) return;
  for (s64 fd = 0; fd < 3; fd++)
    if (fd != null) SYS3(dup3, null, fd, 0);
  if (null > 2) SYS1(close, null);
}

static void set_broken_pipe(u64 handler) {
  struct { u64 handler, flags, restorer, mask; } action = {handler, 0, 0, 0};
  SYS4(rt_sigaction, SIGPIPE, &action, 0, 8);
}

static void become_safe(char **argv, char **envp) {
  reset_signals();
  run_sealed(argv, envp);
  SYS5(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  SYS5(prctl, PR_SET_NAME, "mycontainer-zyg", 0, 0, 0);
  SYS3(close_range, STREAM + 1, ~0u, 0);
  SYS3(fcntl, STREAM, F_SETFD, FD_CLOEXEC);
  SYS0(setsid); // fails for a group leader: then we are in nobody's way either
  SYS1(umask, 022);
  SYS1(chdir, "/");
  use_null_stdio();
  set_broken_pipe(1 /* SIG_IGN */);
  u64 mask = 1ull << (SIGCHLD - 1);
  SYS4(rt_sigprocmask, 0 /* SIG_BLOCK */, &mask, 0, 8);
  child_events = open_child_events();
}

static _Noreturn void run_child(struct header *header) {
  SYS1(close, child_events);
  set_broken_pipe(0 /* SIG_DFL: all others have been since become_safe */);
  block_signals();
  SYS0(setsid);
  SYS5(prctl, PR_SET_NAME, "mycontainer-mon", 0, 0, 0);
  load(&machine, header, STREAM);
  interpret(&machine);
}

static void refuse(u64 id, struct verdict verdict) {
  struct record record = {RECORD_INVALID, verdict.pc, (s64)verdict.reason, 0, 0, id};
  send_record(STREAM, &record, RECORD_WAIT_MS);
}

// Forks without a libc: a clone with the exit signal alone.
static s64 fork_child(void) { return system_call(__NR_clone, SIGCHLD, 0, 0, 0, 0, 0); }

static void start_program(struct header *header) {
  struct verdict verdict = validate(program_buffer, header->total_size);
  if (verdict.reason) {
    forget_program(header);
    refuse(header->id, verdict);
    return;
  }
  keep_program(header);
  s64 child = fork_child();
  if (child == 0) run_child(header);
  if (!is_error(child)) {
    add_child((u64)child, header->id);
    return;
  }
  struct record record = {RECORD_FAIL, 0, -child, 0, 0, header->id};
  send_record(STREAM, &record, RECORD_WAIT_MS);
}

// Children report by themselves, but for those that were killed.
static void await_program(void) {
  struct pollfd fds[2] = {{STREAM, POLLIN, 0}, {(s32)child_events, POLLIN, 0}};
  for (;;) {
    s64 wait_ms = until_sweep_ms();
    struct { s64 seconds, nanoseconds; } wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};
    s64 got = SYS5(ppoll, fds, 2, wait_ms < 0 ? 0 : &wait, 0, 8);
    if (is_error(got) && got != -EINTR) return;
    sweep_children(STREAM);
    if (got > 0 && fds[1].revents) reap_children(child_events, STREAM);
    if (got > 0 && fds[0].revents) return;
  }
}

// `zygote --once`: the first program is run in this very process, which is the child of somebody who waits for it.
static int run_one_program(struct header *header) {
  warm_groups_until(STREAM);
  s64 got = read_program(STREAM);
  if (got != 1) return got == 0 ? 0 : 1;
  struct verdict verdict = validate(program_buffer, header->total_size);
  if (verdict.reason == 0) run_child(header);
  refuse(header->id, verdict);
  return 1;
}

int zygote_main(char **argv, char **envp) {
  struct header *header = (struct header *)program_buffer;
  become_safe(argv, envp);
  if (argv[2] && same(argv[2], "--once")) return run_one_program(header);
  for (;;) {
    await_program();
    s64 got = read_program(STREAM);
    if (got == -EPROTO && is_fill(header)) got = read_fill(STREAM);
    if (got == -EINVAL) {
      refuse(header->id, (struct verdict){INVALID_FILL, 0xffffffffu});
      continue;
    }
    // What is not a program leaves no way to find the next one.
    if (got == -EPROTO) refuse(header->id, (struct verdict){INVALID_SIZE, 0xffffffffu});
    if (got != 1) return got == 0 ? 0 : 1;
    u32 size = header->total_size;
    start_program(header);
    if (size > LARGE) release_program(size);
  }
}
