#include "failure.h"
#include <asm/signal.h>
#include <linux/poll.h>
#include "exec-failure.h"
#include "process.h"
#include "record.h"
#include "string.h"
#include "syscall.h"
#include "watch.h"

#define REAP_WAIT_MS 10000

struct ending kill_and_reap(s64 pidfd) {
  kill_pidfd(pidfd, SIGKILL);
  return reap(pidfd, REAP_WAIT_MS);
}

static const char *why_of(const struct header *header, u32 pc) {
  const char *why = (const char *)header + header->why_offset;
  if (header->why_size == 0 || pc >= header->instruction_count) return "";
  for (; pc > 0; pc--) why += strlen(why) + 1;
  return why;
}

// Engines look for these words in what a container says that did not start.
static const char *errno_words(s64 number) {
  switch (number) {
    case ENOENT: return " (no such file or directory)";
    case EACCES: return " (permission denied)";
    case ENOEXEC: return " (exec format error)";
    default: return "";
  }
}

static void print_failure(const struct machine *machine, u32 type, u32 pc, s64 value) {
  if (type == RECORD_FAIL && say_failed_execve(machine, pc, -value)) return;
  TEXT(text, 512);
  if (type == RECORD_DIED) add(&text, "the container's first process was killed before its program ran, by signal ");
  else {
    add(&text, "step ");
    add_number(&text, pc);
    add(&text, " failed: errno ");
  }
  add_number(&text, value);
  const char *why = type == RECORD_DIED ? "" : why_of(machine->header, pc);
  if (*why) {
    add(&text, ": ");
    add(&text, why);
  }
  say(text.at, type == RECORD_DIED ? "" : errno_words(value), "");
}

bool tell_failure(struct machine *machine, u32 type, u32 pc, s64 value) {
  if (machine->report < 0) {
    print_failure(machine, type, pc, value);
    return true;
  }
  return report(machine, type, pc, value, 0);
}

// The monitor that this process did not come to be; 0: the program has none.
static const struct monitor *planned_monitor(const struct machine *machine) {
  const struct instruction *code = instructions_of(machine->header);
  for (u32 pc = 0; pc < machine->header->cleanup_start; pc++)
    if (code[pc].op == OP_MONITOR && is_valid_monitor(machine->header, (u64)code[pc].arg[0], true))
      return (const struct monitor *)(data_of(machine->header) + code[pc].arg[0]);
  return 0;
}

// When the inner half failed first, the outer half often fails because of it (a hand-shake that ends early): the
// inner half's own words are the ones worth having.
static void prefer_inner_failure(struct machine *machine, s64 sync, u32 *pc, s64 *error) {
  struct record record;
  if (sync < 0) return;
  while (poll_one(sync, POLLIN, 0) & POLLIN && SYS3(read, sync, &record, sizeof record) == sizeof record) {
    if (record.type == RECORD_FAIL) {
      *pc = record.pc;
      *error = -record.value;
      return;
    }
    if (machine->report >= 0) send_record(machine->report, &record, 0);
  }
}

_Noreturn void fail_program(struct machine *machine, u32 pc, s64 error) {
  if (machine->inner) {
    // An outer half that has left its child cannot hear it.
    if (!tell_failure(machine, RECORD_FAIL, pc, -error)) print_failure(machine, RECORD_FAIL, pc, -error);
    leave(error == -ENOENT ? 127 : 126);
  }
  const struct monitor *planned = planned_monitor(machine);
  if (planned) prefer_inner_failure(machine, slot_of(machine, planned->sync), &pc, &error);
  if (machine->guard_pidfd >= 0) kill_and_reap(machine->guard_pidfd);
  // Whoever waits in the state folder (an attach client, a later command) must learn of it too.
  if (planned) record_failure(slot_of(machine, planned->state_dir), RECORD_FAIL, pc, -error);
  run_cleanup(machine);
  tell_failure(machine, RECORD_FAIL, pc, -error);
  leave(1);
}
