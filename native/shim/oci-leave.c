#include "oci-leave.h"
#include "failure.h"
#include "record.h"
#include "syscall.h"
#include "watch.h"

static _Noreturn void end_in_failure(struct machine *machine, u32 type, u32 pc, s64 value) {
  run_cleanup(machine);
  tell_failure(machine, type, pc, value);
  leave(1);
}

// Whoever asked for the process may have been killed, and its state been deleted: nobody would ever end it then.
static _Noreturn void tell_and_leave(struct machine *machine, u32 type, s64 pidfd) {
  bool is_kept = type != RECORD_CREATED || has_state_file("process");
  if (is_kept && report(machine, type, 0xffffffffu, (s64)watch.child, (s64)start_ticks(watch.child))) leave(0);
  kill_and_reap(pidfd);
  end_in_failure(machine, RECORD_FAIL, 0xffffffffu, EPIPE);
}

static void relay(struct machine *machine, struct record *record) {
  if (machine->report < 0) return;
  record->id = machine->header->id;
  send_record(machine->report, record, record->type == RECORD_TRACE ? 0 : RECORD_WAIT_MS);
}

_Noreturn void leave_child(struct machine *machine, const struct monitor *options) {
  struct record record, failure = {0, 0, 0, 0, 0, 0};
  bool pre_exec = false;
  s64 sync = slot_of(machine, options->sync), pidfd = slot_of(machine, options->pidfd);
  watch.machine = machine;
  watch.options = options;
  watch.child = (u64)slot_of(machine, options->child);
  watch.state_dir = slot_of(machine, options->state_dir);
  for (;;) {
    s64 got = SYS3(read, sync, &record, sizeof record);
    if (got == -EINTR) continue;
    if (got != sizeof record) break;
    if (record.type == RECORD_CREATED) {
      write_process_file();
      // The container may be started as soon as it is told. What it says then must find nobody here, to be said by itself.
      SYS1(close, sync);
      tell_and_leave(machine, RECORD_CREATED, pidfd);
    }
    if (record.type == RECORD_FAIL) failure = record;
    else relay(machine, &record);
    if (record.type == RECORD_PRE_EXEC) pre_exec = true;
  }
  if (failure.type == RECORD_FAIL) {
    kill_and_reap(pidfd);
    end_in_failure(machine, RECORD_FAIL, failure.pc, failure.value);
  }
  if (pre_exec) tell_and_leave(machine, RECORD_EXEC, pidfd);
  struct ending ending = reap(pidfd, 100);
  if (!ending.known) ending = kill_and_reap(pidfd);
  end_in_failure(machine, RECORD_DIED, 0xffffffffu, (s64)ending.signal);
}
