// The validator: what it accepts, the interpreter can run without a bounds check of its own.
#pragma once
#include "program.h"

struct verdict {
  u32 reason; // 0: valid; else enum invalid_reason
  u32 pc;     // instruction, or 0xffffffff
};

// `bytes` must be 16-aligned and readable for `size`. Nothing is written.
struct verdict validate(const u8 *bytes, u32 size);
// Is the header enough to know how long the program is? (Framing on a stream.)
bool is_framed(const struct header *header);
// Checks struct monitor at data[offset] (also at run time: the data is writable). Slots are not looked into.
bool is_valid_monitor(const struct header *header, u64 offset, bool relocated);
const char *invalid_reason_name(u32 reason);

static inline const struct instruction *instructions_of(const struct header *header) {
  return (const struct instruction *)(header + 1);
}
static inline const u32 *relocations_of(const struct header *header) {
  return (const u32 *)((const u8 *)header + header->relocation_offset);
}
static inline u8 *data_of(const struct header *header) {
  return (u8 *)header + header->data_offset;
}
static inline u32 operand_kind(const struct instruction *ins, u32 index) {
  return ins->kinds >> (4 * index) & 15;
}
