// struct monitor, before the program runs and again when OP_MONITOR is reached (the data is writable).
#include "string.h"
#include "validate.h"

#define MONITOR_FLAGS \
  (MONITOR_TERMINAL | MONITOR_KEEP_STDIN | MONITOR_STDIN_ONCE | MONITOR_HOLD | MONITOR_ADOPTED | \
   MONITOR_TRANSIENT | MONITOR_LEAVE | MONITOR_TELL | MONITOR_UNRECORDED)
#define TELL_EXCLUDES (MONITOR_TERMINAL | MONITOR_KEEP_STDIN | MONITOR_STDIN_ONCE | MONITOR_HOLD | MONITOR_LEAVE)
#define MAX_ARGUMENTS 4096

static bool is_relocated(const struct header *header, u64 offset) {
  const u32 *relocation = relocations_of(header);
  u32 low = 0, high = header->relocation_count;
  while (low < high) {
    u32 middle = low + (high - low) / 2;
    if (relocation[middle] == offset) return true;
    if (relocation[middle] < offset) low = middle + 1;
    else high = middle;
  }
  return false;
}

static bool is_string(const struct header *header, u64 offset) {
  if (offset >= header->data_size) return false;
  u64 rest = header->data_size - offset;
  return find_byte(data_of(header) + offset, 0, rest) < rest;
}

static bool is_plain_name(const struct header *header, u64 offset) {
  if (!is_string(header, offset)) return false;
  const char *name = (const char *)data_of(header) + offset;
  size_t length = strlen(name);
  return length > 0 && length <= 200 && find_byte(name, '/', length) == length && !same(name, ".") && !same(name, "..");
}

// NULL-terminated vector of relocated strings.
static bool is_vector(const struct header *header, u64 offset, bool relocated, bool may_be_empty) {
  for (u32 i = 0; i < MAX_ARGUMENTS; i++) {
    u64 at = offset + 8ul * i, value;
    if (at % 8 || at + 8 > header->data_size) return false;
    memcpy(&value, data_of(header) + at, 8);
    if (value == 0 && !is_relocated(header, at)) return i > 0 || may_be_empty;
    if (!is_relocated(header, at)) return false;
    if (relocated) value -= (u64)data_of(header);
    if (!is_string(header, value)) return false;
  }
  return false;
}

static bool are_slots(const struct monitor *monitor) {
  const u8 *slot = &monitor->child;
  for (u32 i = 0; i < 10; i++)
    if (slot[i] >= SLOT_COUNT && slot[i] != NO_SLOT) return false;
  return monitor->child != NO_SLOT;
}

static bool is_zero(const void *at, size_t size) {
  for (size_t i = 0; i < size; i++)
    if (((const u8 *)at)[i]) return false;
  return true;
}

static bool are_events(const struct header *header, const struct monitor *monitor) {
  const u32 texts[] = {monitor->event_path, monitor->event_ended, monitor->event_cleaned, monitor->event_oom,
                       monitor->event_started};
  for (u32 i = 0; i < sizeof texts / sizeof *texts; i++)
    if (texts[i] && !is_string(header, texts[i])) return false;
  return true;
}

bool is_valid_monitor(const struct header *header, u64 offset, bool relocated) {
  if (offset % 8 || offset + sizeof(struct monitor) > header->data_size) return false;
  const struct monitor *monitor = (const struct monitor *)(data_of(header) + offset);
  if (monitor->size != sizeof *monitor || monitor->flags & ~(u32)MONITOR_FLAGS) return false;
  if (monitor->flags & MONITOR_TELL && monitor->flags & TELL_EXCLUDES) return false;
  if (!are_slots(monitor)) return false;
  if (monitor->flags & MONITOR_LEAVE && (monitor->sync == NO_SLOT || monitor->pidfd == NO_SLOT)) return false;
  if (!is_zero(monitor->reserved0, sizeof monitor->reserved0)) return false;
  if (!is_zero(monitor->reserved, sizeof monitor->reserved)) return false;
  if (monitor->log_format > LOG_CRI) return false;
  if (monitor->log_format != LOG_NONE) {
    if (monitor->log_dir == NO_SLOT || !is_plain_name(header, monitor->log_name)) return false;
    if (monitor->log_files > 1000) return false;
  }
  if (monitor->flags & MONITOR_TERMINAL && monitor->terminal_fd == NO_SLOT) return false;
  if (monitor->exit_argv != NONE && !is_vector(header, monitor->exit_argv, relocated, false)) return false;
  if (monitor->exit_envp != NONE && !is_vector(header, monitor->exit_envp, relocated, true)) return false;
  if (monitor->tick_ms && !is_vector(header, monitor->tick_argv, relocated, false)) return false;
  if (!are_events(header, monitor)) return false;
  return true;
}
