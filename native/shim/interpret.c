#include "interpret.h"
#include <linux/sched.h>
#include "clock.h"
#include "failure.h"
#include "format.h"
#include "monitor.h"
#include "process.h"
#include "record.h"
#include "remove-tree.h"
#include "string.h"
#include "syscall.h"

#define FINISHED 0x10000u // not an instruction index

void load(struct machine *machine, struct header *header, s64 report_fd) {
  memset(machine, 0, sizeof *machine);
  machine->header = header;
  machine->report = report_fd;
  machine->guard_pidfd = -1;
  for (u32 i = 0; i < SLOT_COUNT; i++) machine->slot[i] = -1;
  const u32 *relocation = relocations_of(header);
  u8 *data = data_of(header);
  for (u32 i = 0; i < header->relocation_count; i++) *(u64 *)(data + relocation[i]) += (u64)data;
}

s64 slot_of(const struct machine *machine, u8 slot) { return slot == NO_SLOT ? -1 : machine->slot[slot]; }

bool report(struct machine *machine, u32 type, u32 pc, s64 value, s64 aux) {
  struct record record = {type, pc, value, aux, monotonic_ns(), machine->header->id};
  return machine->report >= 0 && send_record(machine->report, &record, type == RECORD_TRACE ? 0 : RECORD_WAIT_MS);
}

static s64 operand(struct machine *machine, const struct instruction *ins, u32 index) {
  s64 arg = ins->arg[index];
  switch (operand_kind(ins, index)) {
    case OPERAND_SLOT: return machine->slot[arg];
    case OPERAND_DATA: return (s64)(data_of(machine->header) + arg);
    case OPERAND_SLOT_ADDRESS: return (s64)&machine->slot[arg];
    case OPERAND_SLOT_LOW: return (s32)machine->slot[arg];
    case OPERAND_SLOT_HIGH: return (s32)(machine->slot[arg] >> 32);
    default: return arg;
  }
}

static bool is_tolerated(const struct instruction *ins, s64 error) {
  if (ins->kinds & FLAG_IGNORE_ANY) return true;
  for (u32 i = 0; i < sizeof ins->ignore; i++)
    if (ins->ignore[i] && ins->ignore[i] == -error) return true;
  return false;
}

// From here on this process is the inner half: what it inherited in signals must not reach the container. None is ignored
// or handled in a process that interprets: each mode sees to that before.
static void become_inner(struct machine *machine) {
  machine->inner = true;
  machine->guard_pidfd = -1;
  unblock_signals();
}

// openat2(2): a path that is to stay below its root cannot be followed while anything anywhere is renamed or mounted, and
// the kernel says so. Others do that all the time: it is asked again, but not for ever by somebody who does it on purpose.
#define PATH_ATTEMPTS 4096

static bool is_worth_repeating(const struct instruction *ins, s64 result, u32 attempt) {
  if (is_tolerated(ins, result)) return false;
  if (result == -EINTR) return ins->nr != __NR_close;
  return result == -EAGAIN && ins->nr == __NR_openat2 && attempt < PATH_ATTEMPTS;
}

static s64 call(struct machine *machine, const struct instruction *ins) {
  s64 arg[6], result;
  for (u32 i = 0; i < 6; i++) arg[i] = operand(machine, ins, i);
  bool clones = ins->nr == __NR_clone3 || ins->nr == __NR_clone;
  if (ins->nr == __NR_clone3 && operand_kind(ins, 0) == OPERAND_DATA && *(u64 *)arg[0] & CLONE_VM) return -EINVAL;
  if (ins->nr == __NR_clone && arg[0] & CLONE_VM) return -EINVAL;
  u32 attempt = 0;
  do result = system_call(ins->nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
  while (is_worth_repeating(ins, result, ++attempt));
  // A child of the inner half has all that already, and its filter may forbid the calls.
  if (clones && result == 0 && !machine->inner) become_inner(machine);
  return result;
}

static s64 load_value(const u8 *at, s64 width) {
  switch (width) {
    case 1: return *at;
    case 2: return *(const u16 *)at;
    case 4: return *(const s32 *)at;
    default: return *(const s64 *)at;
  }
}

// Instructions that give a result or an error.
static s64 compute(struct machine *machine, const struct instruction *ins) {
  u8 *data = data_of(machine->header);
  u32 size = machine->header->data_size;
  switch (ins->op) {
    case OP_SYS: return call(machine, ins);
    case OP_FORMAT: return format_decimal(data, size, ins->arg, operand(machine, ins, 3));
    case OP_CHECK: {
      s64 value = load_value(data + ins->arg[0], 4);
      return value < -4095 ? -EPROTO : value;
    }
    case OP_ASSERT: {
      if (operand(machine, ins, 0) == operand(machine, ins, 1)) return 0;
      s64 error = operand(machine, ins, 2);
      return error > 0 && error < 4096 ? -error : is_error(error) ? error : -EPROTO;
    }
    case OP_REMOVE_TREE: {
      const char *name = (const char *)data + ins->arg[1];
      // Zeros follow the data segment at the latest after the program, but a name must end inside it.
      if (find_byte(name, 0, size - (u64)ins->arg[1]) == size - (u64)ins->arg[1]) return -EINVAL;
      return remove_tree(operand(machine, ins, 0), name);
    }
    default: return -EINVAL;
  }
}

static u32 fail(struct machine *machine, u32 pc, s64 error) {
  if (!machine->failing) fail_program(machine, pc, error);
  return pc + 1;
}

static u32 settle(struct machine *machine, u32 pc, const struct instruction *ins, s64 result) {
  bool failed = ins->op == OP_CHECK ? result < 0 : is_error(result);
  if (ins->dst != NO_SLOT) machine->slot[ins->dst] = result;
  if (!failed) return ins->kinds & FLAG_JUMP_IF_OK ? ins->jump : pc + 1;
  if (is_tolerated(ins, result)) return ins->kinds & FLAG_JUMP_IF_IGNORED ? ins->jump : pc + 1;
  return fail(machine, pc, result);
}

// Instructions that move values, and all that steer. Gives the next instruction.
static u32 step(struct machine *machine, u32 pc) {
  const struct instruction *ins = &instructions_of(machine->header)[pc];
  u8 *data = data_of(machine->header);
  s64 first = operand(machine, ins, 0);
  switch (ins->op) {
    case OP_MOVE:
      if (ins->dst != NO_SLOT) machine->slot[ins->dst] = first;
      return pc + 1;
    case OP_JUMP: return ins->jump;
    case OP_JUMP_ZERO: return first == 0 ? ins->jump : pc + 1;
    case OP_JUMP_NONZERO: return first != 0 ? ins->jump : pc + 1;
    case OP_JUMP_EQUAL: return first == operand(machine, ins, 1) ? ins->jump : pc + 1;
    case OP_STORE: memcpy(data + ins->arg[1], &first, (size_t)ins->arg[2]); return pc + 1;
    case OP_LOAD:
      if (ins->dst != NO_SLOT) machine->slot[ins->dst] = load_value(data + ins->arg[0], ins->arg[1]);
      return pc + 1;
    case OP_REPORT: machine->report = first; return pc + 1;
    case OP_GUARD:
      machine->guard_pidfd = first;
      machine->guard_pid = operand(machine, ins, 1);
      return pc + 1;
    case OP_RECORD: report(machine, (u32)first, pc, operand(machine, ins, 1), 0); return pc + 1;
    case OP_FAIL: return fail(machine, pc, first == 0 ? -EINVAL : first > 0 ? -first : first);
    case OP_MONITOR:
      if (machine->inner || !is_valid_monitor(machine->header, (u64)ins->arg[0], true)) return fail(machine, pc, -EINVAL);
      monitor(machine, (const struct monitor *)(data + ins->arg[0]));
    case OP_END: return FINISHED;
    case OP_TELL_END: tell_end(); return pc + 1;
    default: return settle(machine, pc, ins, compute(machine, ins));
  }
}

static u32 traced_step(struct machine *machine, u32 pc) {
  bool was_inner = machine->inner;
  u64 before = monotonic_ns();
  u32 next = step(machine, pc);
  u64 took = monotonic_ns() - before;
  const struct instruction *ins = &instructions_of(machine->header)[pc];
  // The child of a clone is silent about it: its parent has told.
  if (machine->inner == was_inner)
    report(machine, RECORD_TRACE, pc, ins->dst == NO_SLOT ? 0 : machine->slot[ins->dst], (s64)took);
  return next;
}

_Noreturn void interpret(struct machine *machine) {
  bool traces = machine->header->flags & HEADER_TRACE;
  u32 pc = 0;
  while (pc < machine->header->cleanup_start) pc = traces ? traced_step(machine, pc) : step(machine, pc);
  leave(0);
}

void run_cleanup(struct machine *machine) {
  u32 pc = machine->header->cleanup_start;
  machine->failing = true;
  while (pc < machine->header->instruction_count) pc = step(machine, pc);
}
