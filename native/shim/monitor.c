#include "monitor.h"
#include <linux/poll.h>
#include "clock.h"
#include "failure.h"
#include "monitor-log.h"
#include "monitor-socket.h"
#include "oci-leave.h"
#include "program-buffer.h"
#include "record.h"
#include "string.h"
#include "syscall.h"
#include "watch.h"

#define POLL_RDHUP 0x2000
#define MAX_POLLED (13 + CLIENT_LIMIT)

struct watch watch;

struct polled {
  struct pollfd set[MAX_POLLED];
  u32 count;
};

// The index of the descriptor in the set; a negative descriptor is skipped by the kernel.
static u32 poll_for(struct polled *polled, s64 fd, u32 events) {
  polled->set[polled->count] = (struct pollfd){(s32)fd, (short)events, 0};
  return polled->count++;
}

static u64 earlier(u64 a, u64 b) { return b != 0 && b < a ? b : a; }

static u64 next_deadline(void) {
  u64 next = next_timer();
  if (watch.held) next = earlier(next, watch.hold_until);
  if (watch.phase == PHASE_DRAINING) next = earlier(next, watch.drain_until);
  if (watch.phase == PHASE_ENDED) next = earlier(next, watch.flush_until);
  for (u32 i = 0; i < 2; i++)
    if (watch.output[i].fd >= 0) next = earlier(next, watch.output[i].retry_at);
  return next;
}

// The report stream's other end is gone: the launcher died, or made place for an attach client.
static void lose_report(void) {
  watch.report_closed = true;
  watch.tells = false;
  if (watch.held && watch.hold_until == 0) watch.hold_until = monotonic_ms() + watch.options->hold_ms;
}

static void wait_and_serve(void) {
  struct polled polled = {.count = 0};
  u64 deadline = next_deadline(), now = monotonic_ms();
  s64 left = deadline <= now ? 0 : (s64)(deadline - now), time[2] = {left / 1000, left % 1000 * 1000000};
  bool running = watch.phase == PHASE_RUNNING;
  u32 sync = poll_for(&polled, watch.sync, POLLIN);
  u32 child = poll_for(&polled, running ? watch.pidfd : -1, POLLIN);
  look_for_room();
  u32 unsaid = watch.tells && !watch.has_room ? POLLOUT : 0;
  u32 launcher = poll_for(&polled, watch.report_closed ? -1 : watch.machine->report, POLL_RDHUP | unsaid);
  u32 oom = poll_for(&polled, running ? watch.oom_fd : -1, POLLPRI);
  u32 tick = poll_for(&polled, watch.tick_pidfd, POLLIN);
  u32 input = poll_for(&polled, watch.stdin_fd, watch.stdin_from < watch.stdin_to ? POLLOUT : 0);
  // A terminal without an open slave hangs up all the time: look at it only to write.
  if (watch.options->flags & MONITOR_TERMINAL && watch.stdin_from == watch.stdin_to) polled.set[input].fd = -1;
  u32 output[2];
  for (u32 i = 0; i < 2; i++)
    output[i] = poll_for(&polled, wants_output(&watch.output[i], i) ? watch.output[i].fd : -1, POLLIN);
  u32 clients = polled.count;
  polled.count += poll_clients(polled.set + clients);
  s64 ready = SYS5(ppoll, polled.set, polled.count, deadline == ~0ul ? 0 : time, 0, 8);
  if (is_error(ready)) return;
  if (polled.set[launcher].revents & ~POLLOUT) lose_report();
  if (polled.set[oom].revents & POLLPRI) check_oom();
  if (polled.set[tick].revents) reap_tick();
  if (polled.set[input].revents & (POLLERR | POLLHUP | POLLNVAL)) stdin_hung_up();
  if (polled.set[input].revents & POLLOUT) write_stdin();
  serve_clients(polled.set + clients);
  for (u32 i = 0; i < 2; i++)
    if (polled.set[output[i]].revents) read_output(&watch.output[i], i);
  if (polled.set[sync].revents) read_sync();
  if (polled.set[child].revents) child_ended();
}

static void open_watch(struct machine *machine, const struct monitor *options) {
  watch.machine = machine;
  watch.options = options;
  watch.child = (u64)slot_of(machine, options->child);
  watch.pidfd = slot_of(machine, options->pidfd);
  if (watch.pidfd < 0) watch.pidfd = SYS2(pidfd_open, watch.child, 0);
  watch.sync = slot_of(machine, options->sync);
  watch.state_dir = slot_of(machine, options->state_dir);
  watch.oom_fd = slot_of(machine, options->oom_fd);
  watch.tick_pidfd = -1;
  watch.held = options->flags & MONITOR_HOLD;
  watch.tells = options->flags & MONITOR_TELL;
  watch.report_closed = machine->report < 0;
  if (watch.report_closed) lose_report();
  if (watch.sync >= 0) set_nonblocking(watch.sync);
}

// All output is read, or may not be waited for any longer.
static bool may_end(u64 now) {
  if (watch.held) return false;
  return is_drained() || now >= watch.drain_until;
}

// Once: at the end of it all, or where the cleanup section says so.
void tell_end(void) {
  if (watch.phase != PHASE_DRAINING) return;
  if (!watch.failed) append_event(watch.options->event_cleaned);
  watch.phase = PHASE_ENDED;
  // A client that already held up the output for all that time is not waited for once more.
  if (watch.flush_until == 0) watch.flush_until = monotonic_ms() + FLUSH_MS;
  send_last_frames();
  u32 signal = watch.ending.signal, code = signal ? 128 + signal : watch.ending.code;
  if (!watch.failed) report(watch.machine, RECORD_EXIT, 0xffffffffu, code, (s64)(signal | watch.oom_kills << 32));
}

static void end(void) {
  flush_log();
  if (!watch.failed) {
    check_oom();
    watch.finished_at = realtime_ns();
    write_exit_file();
    append_event(watch.options->event_ended);
    take_down_holdings();
    run_cleanup(watch.machine);
    unlink_holdings();
  }
  tell_end();
}

_Noreturn void monitor(struct machine *machine, const struct monitor *options) {
  if (options->flags & MONITOR_LEAVE) leave_child(machine, options);
  open_watch(machine, options);
  if (machine->report >= 0)
    release_program((u32)sizeof(struct header) + machine->header->cleanup_start * (u32)sizeof(struct instruction));
  if (watch.pidfd < 0 || watch.child == 0) fail_program(machine, 0xffffffffu, -ESRCH);
  if (options->flags & MONITOR_ADOPTED) read_started_at();
  open_log(machine, options);
  open_stdio();
  open_socket();
  open_timers();
  write_process_file();
  if (watch.sync < 0) read_sync();
  for (;;) {
    u64 now = monotonic_ms();
    if (watch.held && watch.hold_until && now >= watch.hold_until) end_hold();
    run_timers(now);
    if (watch.phase == PHASE_DRAINING && may_end(now)) end();
    if (watch.phase == PHASE_ENDED && (are_flushed() || now >= watch.flush_until)) run_exit_command();
    wait_and_serve();
  }
}
