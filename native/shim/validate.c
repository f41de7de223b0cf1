// Sections, relocations and why sentences of a program; its instructions are validate-instruction.c's.
#include "validate.h"
#include "string.h"
#include "syscall.h"
#include "validate-instruction.h"

#define NOWHERE 0xffffffffu

_Static_assert(sizeof(struct header) == 64, "header");
_Static_assert(sizeof(struct instruction) == 64, "instruction");
_Static_assert(sizeof(struct record) == 40, "record");
_Static_assert(sizeof(struct monitor) == 128, "monitor");

static const char *const reason_names[] = {
    "valid",   "header",     "architecture", "size",   "section", "relocation",
    "why",     "op",         "slot",         "kind",   "data",    "jump",
    "syscall", "errno",      "string",       "monitor", "end",    "operand",
    "fill",
};

const char *invalid_reason_name(u32 reason) {
  return reason < sizeof reason_names / sizeof *reason_names ? reason_names[reason] : "unknown";
}

bool is_framed(const struct header *header) {
  return header->magic == PROGRAM_MAGIC && header->total_size >= sizeof *header &&
         header->total_size <= PROGRAM_MAX_SIZE;
}

// All arithmetic in u64: the fields are u32 and counts are bounded by the size, so nothing wraps.
static u32 check_header(const struct header *header, u32 size) {
  if (header->magic != PROGRAM_MAGIC || header->version != PROGRAM_VERSION) return INVALID_HEADER;
  if (header->flags & ~(u32)HEADER_TRACE || header->keep > KEPT_LIMIT || header->reserved) return INVALID_HEADER;
  if (header->total_size != size || size > PROGRAM_MAX_SIZE) return INVALID_SIZE;
  if (header->architecture != NATIVE_ARCHITECTURE) return INVALID_ARCHITECTURE;
  // Jump targets are 16 bits wide.
  if (header->instruction_count == 0 || header->instruction_count > 0xffff) return INVALID_SIZE;
  if (header->cleanup_start == 0 || header->cleanup_start > header->instruction_count)
    return INVALID_SECTION;
  u64 end = sizeof *header + (u64)header->instruction_count * sizeof(struct instruction);
  if (header->relocation_offset < end || header->relocation_offset % 4) return INVALID_SECTION;
  end = header->relocation_offset + (u64)header->relocation_count * 4;
  if (header->data_offset < end || header->data_offset % 16) return INVALID_SECTION;
  end = (u64)header->data_offset + header->data_size;
  if (end > size) return INVALID_SECTION;
  if (header->why_size && (header->why_offset < end || (u64)header->why_offset + header->why_size > size))
    return INVALID_SECTION;
  return 0;
}

static u32 check_relocations(const struct header *header) {
  const u32 *relocation = relocations_of(header);
  const u8 *data = data_of(header);
  for (u32 i = 0; i < header->relocation_count; i++) {
    if ((u64)relocation[i] + 8 > header->data_size || relocation[i] % 8) return INVALID_RELOCATION;
    if (i > 0 && relocation[i] <= relocation[i - 1]) return INVALID_RELOCATION;
    u64 target;
    memcpy(&target, data + relocation[i], 8);
    if (target > header->data_size) return INVALID_RELOCATION;
  }
  return 0;
}

static u32 check_why(const struct header *header) {
  if (header->why_size == 0) return 0;
  const u8 *why = (const u8 *)header + header->why_offset;
  if (why[header->why_size - 1] != 0) return INVALID_WHY;
  u32 sentences = 0;
  for (u32 i = 0; i < header->why_size; i++) sentences += why[i] == 0;
  return sentences == header->instruction_count ? 0 : INVALID_WHY;
}

struct verdict validate(const u8 *bytes, u32 size) {
  const struct header *header = (const struct header *)bytes;
  if (size < sizeof *header) return (struct verdict){INVALID_SIZE, NOWHERE};
  u32 reason = check_header(header, size);
  if (!reason) reason = check_relocations(header);
  if (!reason) reason = check_why(header);
  if (reason) return (struct verdict){reason, NOWHERE};
  const struct instruction *code = instructions_of(header);
  for (u32 pc = 0; pc < header->instruction_count; pc++)
    if ((reason = check_instruction(header, pc))) return (struct verdict){reason, pc};
  if (!is_terminal(&code[header->cleanup_start - 1]))
    return (struct verdict){INVALID_END, header->cleanup_start - 1};
  return (struct verdict){0, NOWHERE};
}
