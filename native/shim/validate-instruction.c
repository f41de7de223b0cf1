#include "validate-instruction.h"
#include <linux/prctl.h>
#include "string.h"
#include "syscall.h"
#include "validate.h"

#define SYSCALL_LIMIT 1024
#define ANY 0xffff // operand may be of any kind
#define KIND(kind) (1u << OPERAND_##kind)
#define VALUE (KIND(IMMEDIATE) | KIND(SLOT) | KIND(SLOT_LOW) | KIND(SLOT_HIGH))

enum { MAIN = 1, CLEANUP = 2, BOTH = 3 };
enum { JUMP_NEVER, JUMP_ALWAYS, JUMP_BY_FLAG };

// What each op takes. `operands`: how many; `kinds`: which kinds each may have.
struct rule {
  u8 sections;
  u8 jump;
  u8 operands;
  bool result;  // may name a dst
  bool fallible; // may tolerate errnos
  u16 kinds[6];
};

static const struct rule rules[] = {
    [OP_SYS] = {BOTH, JUMP_BY_FLAG, 6, true, true, {ANY, ANY, ANY, ANY, ANY, ANY}},
    [OP_MOVE] = {BOTH, JUMP_NEVER, 1, true, false, {ANY}},
    [OP_JUMP] = {BOTH, JUMP_ALWAYS, 0, false, false, {0}},
    [OP_JUMP_ZERO] = {BOTH, JUMP_ALWAYS, 1, false, false, {VALUE}},
    [OP_JUMP_NONZERO] = {BOTH, JUMP_ALWAYS, 1, false, false, {VALUE}},
    [OP_JUMP_EQUAL] = {BOTH, JUMP_ALWAYS, 2, false, false, {VALUE, VALUE}},
    [OP_STORE] = {BOTH, JUMP_NEVER, 3, false, false, {ANY, KIND(IMMEDIATE), KIND(IMMEDIATE)}},
    [OP_LOAD] = {BOTH, JUMP_NEVER, 2, true, false, {KIND(IMMEDIATE), KIND(IMMEDIATE)}},
    [OP_FORMAT] = {BOTH, JUMP_BY_FLAG, 4, true, true, {KIND(IMMEDIATE), KIND(IMMEDIATE), KIND(IMMEDIATE), VALUE}},
    [OP_CHECK] = {BOTH, JUMP_BY_FLAG, 1, true, true, {KIND(IMMEDIATE)}},
    [OP_ASSERT] = {BOTH, JUMP_BY_FLAG, 3, true, true, {VALUE, VALUE, VALUE}},
    [OP_REPORT] = {MAIN, JUMP_NEVER, 1, false, false, {VALUE}},
    [OP_GUARD] = {MAIN, JUMP_NEVER, 2, false, false, {VALUE, VALUE}},
    [OP_RECORD] = {BOTH, JUMP_NEVER, 2, false, false, {KIND(IMMEDIATE), VALUE}},
    [OP_FAIL] = {BOTH, JUMP_NEVER, 1, false, false, {VALUE}},
    [OP_MONITOR] = {MAIN, JUMP_NEVER, 1, false, false, {KIND(DATA)}},
    [OP_REMOVE_TREE] = {BOTH, JUMP_BY_FLAG, 2, true, true, {VALUE, KIND(IMMEDIATE)}},
    [OP_END] = {BOTH, JUMP_NEVER, 0, false, false, {0}},
    [OP_TELL_END] = {CLEANUP, JUMP_NEVER, 0, false, false, {0}},
};
#define OP_LIMIT (sizeof rules / sizeof *rules)

// Calls that take a buffer and its length: what the kernel may read or write is known when the length is immediate.
static const struct { u16 nr; u8 address, length; } sized_calls[] = {
    {__NR_read, 1, 2},     {__NR_write, 1, 2},  {__NR_pread64, 1, 2}, {__NR_pwrite64, 1, 2},
    {__NR_getcwd, 0, 1},   {__NR_clone3, 0, 1}, {__NR_openat2, 2, 3}, {__NR_sendto, 1, 2},
    {__NR_recvfrom, 1, 2}, {__NR_bind, 1, 2},   {__NR_connect, 1, 2}, {__NR_mount_setattr, 3, 4},
    {__NR_getrandom, 0, 1}, {__NR_sethostname, 0, 1}, {__NR_setdomainname, 0, 1}, {__NR_readlinkat, 2, 3},
};

static bool has_string(const struct header *header, u64 offset) {
  if (offset >= header->data_size) return false;
  u64 rest = header->data_size - offset;
  return find_byte(data_of(header) + offset, 0, rest) < rest;
}

static bool has_range(const struct header *header, s64 offset, s64 size) {
  return offset >= 0 && size >= 0 && offset <= header->data_size && size <= header->data_size - offset;
}

static bool is_width(s64 width) { return width == 1 || width == 2 || width == 4 || width == 8; }

static u32 check_operands(const struct header *header, const struct instruction *ins, const struct rule *rule) {
  for (u32 i = 0; i < 6; i++) {
    u32 kind = operand_kind(ins, i);
    s64 arg = ins->arg[i];
    if (i >= rule->operands) {
      if (kind || arg) return INVALID_OPERAND;
      continue;
    }
    if (kind > OPERAND_SLOT_HIGH || !(rule->kinds[i] >> kind & 1)) return INVALID_KIND;
    if (kind == OPERAND_DATA) {
      if (arg < 0 || arg >= header->data_size) return INVALID_DATA;
    } else if (kind != OPERAND_IMMEDIATE && (arg < 0 || arg >= SLOT_COUNT)) return INVALID_SLOT;
  }
  return 0;
}

static u32 check_jump(const struct header *header, u32 pc, const struct rule *rule) {
  const struct instruction *ins = &instructions_of(header)[pc];
  u32 conditions = ins->kinds & (FLAG_JUMP_IF_IGNORED | FLAG_JUMP_IF_OK);
  bool jumps = rule->jump == JUMP_ALWAYS || conditions;
  if (rule->jump != JUMP_BY_FLAG && conditions) return INVALID_JUMP;
  if (!jumps) return ins->jump ? INVALID_JUMP : 0;
  u32 end = pc < header->cleanup_start ? header->cleanup_start : header->instruction_count;
  return ins->jump > pc && ins->jump < end ? 0 : INVALID_JUMP;
}

static u32 check_errnos(const struct instruction *ins, const struct rule *rule) {
  for (u32 i = 0; i < sizeof ins->ignore; i++)
    if (ins->ignore[i] && !rule->fallible) return INVALID_ERRNO;
  if (ins->kinds & FLAG_IGNORE_ANY && !rule->fallible) return INVALID_ERRNO;
  return 0;
}

static u32 check_call(const struct header *header, const struct instruction *ins) {
  if (ins->nr >= SYSCALL_LIMIT) return INVALID_SYSCALL;
#ifdef __NR_vfork
  if (ins->nr == __NR_vfork) return INVALID_SYSCALL;
#endif
  if (ins->nr == __NR_rt_sigreturn) return INVALID_SYSCALL;
  for (u32 i = 0; i < sizeof sized_calls / sizeof *sized_calls; i++) {
    u32 address = sized_calls[i].address, length = sized_calls[i].length;
    if (sized_calls[i].nr != ins->nr) continue;
    if (operand_kind(ins, length) != OPERAND_IMMEDIATE) continue;
    if (operand_kind(ins, address) == OPERAND_DATA && !has_range(header, ins->arg[address], ins->arg[length]))
      return INVALID_DATA;
    if (operand_kind(ins, address) == OPERAND_SLOT_ADDRESS &&
        (u64)ins->arg[length] > (u64)(SLOT_COUNT - ins->arg[address]) * 8)
      return INVALID_DATA;
  }
  return 0;
}

// What one op demands beyond kinds and counts.
static u32 check_special(const struct header *header, const struct instruction *ins) {
  const s64 *arg = ins->arg;
  switch (ins->op) {
    case OP_SYS: return check_call(header, ins);
    case OP_STORE:
      if (!is_width(arg[2])) return INVALID_OPERAND;
      return has_range(header, arg[1], arg[2]) ? 0 : INVALID_DATA;
    case OP_LOAD:
      if (!is_width(arg[1])) return INVALID_OPERAND;
      return has_range(header, arg[0], arg[1]) ? 0 : INVALID_DATA;
    case OP_FORMAT:
      if (arg[1] < 1) return INVALID_OPERAND;
      if (!has_range(header, arg[0], arg[1])) return INVALID_DATA;
      return arg[2] >= 0 && has_string(header, (u64)arg[2]) ? 0 : INVALID_STRING;
    case OP_CHECK: return has_range(header, arg[0], 4) ? 0 : INVALID_DATA;
    case OP_RECORD:
      return arg[0] == RECORD_CREATED || arg[0] == RECORD_PRE_EXEC || arg[0] == RECORD_USER ? 0 : INVALID_OPERAND;
    case OP_MONITOR: return is_valid_monitor(header, (u64)arg[0], false) ? 0 : INVALID_MONITOR;
    case OP_REMOVE_TREE: return arg[1] >= 0 && has_string(header, (u64)arg[1]) ? 0 : INVALID_STRING;
    default: return 0;
  }
}

u32 check_instruction(const struct header *header, u32 pc) {
  const struct instruction *ins = &instructions_of(header)[pc];
  if (ins->op >= OP_LIMIT || !rules[ins->op].sections) return INVALID_OP;
  const struct rule *rule = &rules[ins->op];
  if (!(rule->sections & (pc < header->cleanup_start ? MAIN : CLEANUP))) return INVALID_OP;
  if (ins->dst != NO_SLOT && (ins->dst >= SLOT_COUNT || !rule->result)) return INVALID_SLOT;
  if (ins->kinds & ~(0xffffffu | FLAG_IGNORE_ANY | FLAG_JUMP_IF_IGNORED | FLAG_JUMP_IF_OK)) return INVALID_KIND;
  if (ins->op != OP_SYS && ins->nr) return INVALID_SYSCALL;
  u32 reason = check_operands(header, ins, rule);
  if (!reason) reason = check_jump(header, pc, rule);
  if (!reason) reason = check_errnos(ins, rule);
  return reason ? reason : check_special(header, ins);
}

bool is_terminal(const struct instruction *ins) {
  if (ins->op == OP_MONITOR || ins->op == OP_END || ins->op == OP_FAIL) return true;
  if (ins->op != OP_SYS) return false;
  if (ins->nr == __NR_exit || ins->nr == __NR_exit_group) return true;
  if (ins->nr != __NR_execve && ins->nr != __NR_execveat) return false;
  u8 none[sizeof ins->ignore] = {0};
  return !(ins->kinds & FLAG_IGNORE_ANY) && memcmp(ins->ignore, none, sizeof none) == 0;
}
