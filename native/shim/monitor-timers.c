#include <asm/signal.h>
#include <linux/sched.h>
#include "clock.h"
#include "string.h"
#include "syscall.h"
#include "watch.h"

#define SHORT_RUN_MS 10000
#define LEAST_DELAY_MS 100
#define STOP_POLL_MS 100

// The line "oom_kill N" of memory.events (v2) or memory.oom_control (v1).
static bool read_oom_kills(u64 *kills) {
  char bytes[512];
  if (watch.oom_fd < 0) return false;
  s64 got = SYS4(pread64, watch.oom_fd, bytes, sizeof bytes - 1, 0);
  if (is_error(got)) return false;
  bytes[got] = 0;
  for (const char *at = bytes; *at; at++) {
    if ((at != bytes && at[-1] != '\n') || !starts_with(at, "oom_kill ")) continue;
    at += 9;
    return parse_decimal(&at, kills);
  }
  return false;
}

void check_oom(void) {
  u64 kills = 0;
  if (!read_oom_kills(&kills) || kills < watch.oom_base) return;
  kills -= watch.oom_base;
  if (kills == watch.oom_kills) return;
  watch.oom_kills = kills;
  append_event_now(watch.options->event_oom);
  report(watch.machine, RECORD_OOM, 0xffffffffu, (s64)kills, 0);
}

void open_timers(void) {
  const struct monitor *options = watch.options;
  u64 now = monotonic_ms();
  // A group that is used again has counted before; an adopted container's own kills must not be lost.
  if (!(options->flags & MONITOR_ADOPTED)) read_oom_kills(&watch.oom_base);
  if (options->timeout_ms) watch.kill_at = now + options->timeout_ms;
  if (options->tick_ms) watch.tick_at = now + (options->tick_first_ms ? options->tick_first_ms : options->tick_ms);
}

u64 next_timer(void) {
  u64 next = ~0ul;
  if (watch.phase != PHASE_RUNNING) return next;
  if (watch.kill_at) next = watch.kill_at;
  if (watch.tell_at && watch.tell_at < next) next = watch.tell_at;
  if (watch.tick_at && watch.tick_pidfd < 0 && watch.tick_at < next) next = watch.tick_at;
  return next;
}

static char **vector(u32 offset) {
  static char *none[] = {0};
  return offset == NONE ? none : (char **)(data_of(watch.machine->header) + offset);
}

static void execute(u32 argv, u32 envp) {
  char **arguments = vector(argv);
  reset_signals();
  SYS3(close_range, 3, ~0u, 0);
  SYS3(execve, arguments[0], arguments, vector(envp));
}

static void start_tick(void) {
  struct clone_args args;
  s32 pidfd = -1;
  memset(&args, 0, sizeof args);
  args.flags = CLONE_PIDFD;
  args.pidfd = (u64)&pidfd;
  args.exit_signal = SIGCHLD;
  s64 child = SYS2(clone3, &args, sizeof args);
  if (child == 0) {
    SYS0(setsid);
    execute(watch.options->tick_argv, watch.options->exit_envp);
    leave(127);
  }
  if (!is_error(child)) watch.tick_pidfd = pidfd;
}

void reap_tick(void) {
  reap(watch.tick_pidfd, 0);
  SYS1(close, watch.tick_pidfd);
  watch.tick_pidfd = -1;
  u64 now = monotonic_ms();
  if (watch.tick_at <= now) watch.tick_at = now + watch.options->tick_ms;
}

void run_timers(u64 now) {
  if (watch.phase != PHASE_RUNNING) return;
  if (watch.tell_at && now >= watch.tell_at) tell_executed();
  if (watch.kill_at && now >= watch.kill_at) {
    watch.kill_at = 0;
    kill_pidfd(watch.pidfd, SIGKILL);
  }
  if (watch.tick_at && watch.tick_pidfd < 0 && now >= watch.tick_at && watch.executed) {
    watch.tick_at = now + watch.options->tick_ms;
    start_tick();
  } else if (watch.tick_at && now >= watch.tick_at) watch.tick_at = now + watch.options->tick_ms;
}

static void wait_before_exit_command(void) {
  u64 delay = watch.options->exit_delay_ms;
  if (delay == 0) return;
  if (watch.executed && monotonic_ms() - watch.started_ms >= SHORT_RUN_MS) delay = LEAST_DELAY_MS;
  u64 until = monotonic_ms() + delay;
  for (u64 now = monotonic_ms(); now < until && !has_state_file("stop"); now = monotonic_ms())
    sleep_ms(until - now < STOP_POLL_MS ? until - now : STOP_POLL_MS);
}

_Noreturn void run_exit_command(void) {
  if (watch.options->exit_argv == NONE || (watch.failed && watch.told)) leave(0);
  wait_before_exit_command();
  execute(watch.options->exit_argv, watch.options->exit_envp);
  leave(127);
}
