// libFuzzer harness of the validator (hosted build; see run.sh). Programs that it accepts are taken through every
// access that the interpreter makes without a check of its own. Nothing is executed.
#include "../program.h"
#include "../string.h"
#include "../validate.h"

void *malloc(unsigned long size); // 16-aligned
void free(void *memory);

static volatile u64 sink;

static void touch(const u8 *at, u64 size) {
  for (u64 i = 0; i < size; i++) sink += at[i];
}

static void walk_vector(const u8 *data, u32 offset) {
  if (offset == NONE) return;
  for (char **string = (char **)(data + offset); *string; string++) sink += strlen(*string);
}

static void walk_monitor(const u8 *data, const struct monitor *monitor) {
  if (monitor->log_format != LOG_NONE) sink += strlen((const char *)data + monitor->log_name);
  walk_vector(data, monitor->exit_argv);
  walk_vector(data, monitor->exit_envp);
  if (monitor->tick_ms) walk_vector(data, monitor->tick_argv);
}

static void walk(struct header *header) {
  const struct instruction *code = instructions_of(header);
  const u32 *relocation = relocations_of(header);
  u8 *data = data_of(header);
  s64 slots[SLOT_COUNT] = {0};
  for (u32 pc = 0; pc < header->instruction_count; pc++) {
    const struct instruction *ins = &code[pc];
    if (ins->dst != NO_SLOT) slots[ins->dst] = 1;
    if (ins->jump && ins->jump <= pc) __builtin_trap();
    for (u32 i = 0; i < 6; i++) {
      u32 kind = operand_kind(ins, i);
      if (kind == OPERAND_DATA) touch(data + ins->arg[i], 1);
      else if (kind != OPERAND_IMMEDIATE) sink += (u64)slots[ins->arg[i]];
    }
    if (ins->op == OP_STORE) touch(data + ins->arg[1], (u64)ins->arg[2]);
    if (ins->op == OP_LOAD) touch(data + ins->arg[0], (u64)ins->arg[1]);
    if (ins->op == OP_FORMAT) touch(data + ins->arg[0], (u64)ins->arg[1]), sink += strlen((char *)data + ins->arg[2]);
    if (ins->op == OP_CHECK) touch(data + ins->arg[0], 4);
    if (ins->op == OP_REMOVE_TREE) sink += strlen((char *)data + ins->arg[1]);
    if (ins->op == OP_MONITOR) touch(data + ins->arg[0], sizeof(struct monitor));
  }
  for (u32 i = 0; i < header->relocation_count; i++) *(u64 *)(data + relocation[i]) += (u64)data;
  for (u32 pc = 0; pc < header->cleanup_start; pc++)
    // Relocations may have changed the structure itself: it may be refused now, but what is taken must be sound.
    if (code[pc].op == OP_MONITOR && is_valid_monitor(header, (u64)code[pc].arg[0], true))
      walk_monitor(data, (const struct monitor *)(data + code[pc].arg[0]));
}

int LLVMFuzzerTestOneInput(const u8 *bytes, unsigned long size) {
  // Exactly as long as the input, so that the sanitizer sees one byte too many.
  u8 *copy = malloc(size ? size : 1);
  if (!copy || size > PROGRAM_MAX_SIZE) return 0;
  memcpy(copy, bytes, size);
  if (size >= sizeof(struct header)) ((struct header *)copy)->total_size = (u32)size;
  if (validate(copy, (u32)size).reason == 0) walk((struct header *)copy);
  free(copy);
  return 0;
}
