#include <linux/ioctl.h>
#include <linux/wait.h>
#include "clock.h"
#include "failure.h"
#include "record.h"
#include "string.h"
#include "syscall.h"
#include "watch.h"

// Since Linux 6.13; the exit code since 6.15.
struct pidfd_info {
  u64 mask, cgroup;
  u32 pid, tgid, ppid, ids[8];
  s32 exit_code;
};
#define PIDFD_GET_INFO _IOWR(0xFF, 11, struct pidfd_info)
#define PIDFD_INFO_EXIT 8u
#define UNKNOWN_CODE 255
#define TELL_MS 20

static void start_failed(u32 type, u32 pc, s64 value) {
  record_failure(watch.state_dir, type, pc, value);
  run_cleanup(watch.machine);
  watch.told = tell_failure(watch.machine, type, pc, value);
  if (watch.held) {
    u64 until = monotonic_ms() + watch.options->hold_ms;
    if (watch.hold_until == 0 || watch.hold_until > until) watch.hold_until = until;
  }
  for (u32 i = 0; i < 2; i++) watch.output[i].drained = true;
  watch.phase = PHASE_DRAINING;
}

void tell_executed(void) {
  watch.tell_at = 0;
  report(watch.machine, RECORD_EXEC, 0xffffffffu, (s64)watch.child, SYS0(getpid));
}

static void program_runs(void) {
  watch.executed = true;
  watch.started_ms = monotonic_ms();
  if (watch.started_text[0] == 0) {
    struct text text = {watch.started_text, sizeof watch.started_text, 0, false};
    watch.started_at = realtime_ns();
    add_time(&text, watch.started_at, true);
    append_event_now(watch.options->event_started);
  }
  write_process_file();
  if (watch.options->flags & MONITOR_TELL) watch.tell_at = watch.started_ms + TELL_MS;
  else tell_executed();
}

// The pipe's end: the program runs, or the inner half ended before it could.
static void end_of_sync(void) {
  if (watch.sync >= 0) SYS1(close, watch.sync);
  watch.sync = -1;
  if (watch.failure.type == RECORD_FAIL) {
    kill_and_reap(watch.pidfd);
    start_failed(RECORD_FAIL, watch.failure.pc, watch.failure.value);
  } else if (watch.pre_exec) program_runs();
  else {
    struct ending ending = reap(watch.pidfd, 100);
    if (!ending.known) ending = kill_and_reap(watch.pidfd);
    start_failed(RECORD_DIED, 0xffffffffu, (s64)ending.signal);
  }
}

static void relay(struct record *record) {
  if (record->type == RECORD_FAIL) {
    watch.failure = *record;
    return;
  }
  if (record->type == RECORD_PRE_EXEC) watch.pre_exec = true;
  if (watch.machine->report < 0 || watch.options->flags & MONITOR_TELL) return;
  record->id = watch.machine->header->id;
  send_record(watch.machine->report, record, record->type == RECORD_TRACE ? 0 : RECORD_WAIT_MS);
}

void read_sync(void) {
  struct record record;
  if (watch.sync < 0) { // no inner half of ours: the program runs already
    if (!watch.executed) program_runs();
    return;
  }
  for (;;) {
    s64 got = SYS3(read, watch.sync, &record, sizeof record);
    if (got == sizeof record) relay(&record);
    else if (got == -EAGAIN) return;
    else if (got != -EINTR) break; // the end; a torn record cannot be (PIPE_BUF)
  }
  end_of_sync();
}

static struct ending adopted_ending(void) {
  struct pidfd_info info;
  memset(&info, 0, sizeof info);
  info.mask = PIDFD_INFO_EXIT;
  struct ending ending = {true, UNKNOWN_CODE, 0};
  if (is_error(SYS3(ioctl, watch.pidfd, PIDFD_GET_INFO, &info)) || !(info.mask & PIDFD_INFO_EXIT)) return ending;
  ending.signal = (u32)info.exit_code & 127;
  ending.code = ending.signal ? 0 : (u32)info.exit_code >> 8 & 255;
  return ending;
}

void child_ended(void) {
  // What the inner half said last is in the pipe now, even if somebody else still holds its other end.
  if (watch.sync >= 0) read_sync();
  if (watch.sync >= 0) end_of_sync();
  if (watch.phase != PHASE_RUNNING) return;
  watch.ending = watch.options->flags & MONITOR_ADOPTED ? adopted_ending() : reap(watch.pidfd, 0);
  if (!watch.ending.known) watch.ending = adopted_ending(); // not our child after all
  watch.phase = PHASE_DRAINING;
  watch.drain_until = monotonic_ms() + DRAIN_MS;
  watch.flush_until = monotonic_ms() + FLUSH_MS;
  if (watch.held && watch.hold_until == 0) watch.hold_until = monotonic_ms() + watch.options->hold_ms;
}
