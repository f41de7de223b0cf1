#include "kept-programs.h"
#include <linux/mman.h>
#include "program-buffer.h"
#include "string.h"
#include "syscall.h"
#include "validate.h"

_Static_assert(sizeof(struct fill) == sizeof(struct header), "a fill is read as a header is");
_Static_assert(offsetof(struct fill, id) == offsetof(struct header, id), "whoever hands it over writes the id");

static struct { u8 *bytes; u32 capacity; } kept[KEPT_LIMIT];
static u8 patches[FILL_MAX_SIZE];

static void forget(u32 number) {
  if (kept[number].bytes) SYS2(munmap, kept[number].bytes, kept[number].capacity);
  kept[number].bytes = 0;
  kept[number].capacity = 0;
}

void forget_program(const struct header *header) {
  if (header->keep >= 1 && header->keep <= KEPT_LIMIT) forget(header->keep - 1);
}

// Not for children: the last monitor that is left would pay for it.
static u8 *room_for(u32 number, u32 size) {
  if (kept[number].capacity >= size) return kept[number].bytes;
  forget(number);
  s64 at = SYS6(mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (is_error(at)) return 0;
  SYS3(madvise, at, size, MADV_DONTFORK);
  kept[number].bytes = (u8 *)at;
  kept[number].capacity = size;
  return kept[number].bytes;
}

void keep_program(const struct header *header) {
  if (header->keep == 0 || header->keep > KEPT_LIMIT) return;
  u8 *room = room_for(header->keep - 1, header->total_size);
  if (!room) return;
  memcpy(room, header, header->total_size);
  ((struct header *)room)->keep = 0;
}

bool is_fill(const struct header *header) {
  const struct fill *fill = (const struct fill *)header;
  return fill->magic == FILL_MAGIC && fill->total_size >= sizeof *fill && fill->total_size <= FILL_MAX_SIZE;
}

static bool is_known(const struct fill *fill) {
  for (u32 i = 0; i < sizeof fill->reserved / sizeof *fill->reserved; i++)
    if (fill->reserved[i]) return false;
  return fill->kept >= 1 && fill->kept <= KEPT_LIMIT && kept[fill->kept - 1].bytes;
}

static bool apply_patches(u32 count, u32 size) {
  const struct header *header = (const struct header *)program_buffer;
  u64 end = (u64)header->data_offset + header->data_size;
  u32 at = 0;
  for (u32 i = 0; i < count; i++) {
    struct patch patch;
    if (size - at < sizeof patch) return false;
    memcpy(&patch, patches + at, sizeof patch);
    at += (u32)sizeof patch;
    if (patch.size > size - at || patch.at < header->data_offset || (u64)patch.at + patch.size > end) return false;
    memcpy(program_buffer + patch.at, patches + at, patch.size);
    at += patch.size;
  }
  return at == size;
}

s64 read_fill(s64 fd) {
  struct header *header = (struct header *)program_buffer;
  struct fill fill = *(struct fill *)header;
  u32 size = fill.total_size - (u32)sizeof fill;
  s64 got = size ? read_exactly(fd, patches, size) : 1;
  if (got != 1) return got == 0 ? -EPIPE : got;
  header->id = fill.id;
  if (!is_known(&fill)) return -EINVAL;
  const struct header *program = (const struct header *)kept[fill.kept - 1].bytes;
  memcpy(program_buffer, program, program->total_size);
  program_buffer[program->total_size] = 0;
  header->id = fill.id;
  return apply_patches(fill.patch_count, size) ? 1 : -EINVAL;
}
