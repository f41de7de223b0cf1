// Two formats, as their readers expect them:
//   json-file (docker): one object per line; a line longer than 16 KiB comes in pieces, only the last one with \n,
//     all with the time of the first.
//   CRI (kubelet): "time stream P|F text"; P marks a piece.
#include "monitor-log.h"
#include "clock.h"
#include "log-format.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

#define LINE_CAPACITY (16u << 10)
#define BUFFER_SIZE (192u << 10)

struct line {
  u8 bytes[LINE_CAPACITY];
  u32 length;
  bool split;   // earlier pieces of this line were written
  u64 split_at; // when
};

static struct {
  s64 fd, directory;
  const char *name;
  u32 format, files;
  u64 limit, size;
} log = {.fd = -1};
static struct line lines[2];
static char buffer[BUFFER_SIZE];
static struct text pending = {buffer, BUFFER_SIZE, 0, false};

static void open_file(void) {
  log.size = 0;
  log.fd = SYS4(openat, log.directory, log.name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
  if (is_error(log.fd)) {
    log.fd = -1;
    return;
  }
  s64 end = SYS3(lseek, log.fd, 0, 2 /* SEEK_END */);
  if (!is_error(end)) log.size = (u64)end;
}

void open_log(struct machine *machine, const struct monitor *options) {
  log.format = options->log_format;
  if (log.format == LOG_NONE) return;
  log.directory = slot_of(machine, options->log_dir);
  log.name = (const char *)data_of(machine->header) + options->log_name;
  log.limit = options->log_size;
  log.files = options->log_files > 1 ? options->log_files : 1;
  open_file();
}

void reopen_log(void) {
  if (log.format == LOG_NONE) return;
  if (log.fd >= 0) SYS1(close, log.fd);
  open_file();
}

// All of `pending` or, on a full disk, nothing of it: half a line would spoil the next one.
static void write_pending(void) {
  if (pending.length == 0) return;
  s64 put = log.fd < 0 ? 0 : SYS3(write, log.fd, pending.at, pending.length);
  if (put == (s64)pending.length) log.size += pending.length;
  else if (put > 0) SYS2(ftruncate, log.fd, log.size);
  pending.length = 0;
  pending.full = false;
}

static void add_rotated_name(struct text *text, u32 number) {
  add(text, log.name);
  if (number == 0) return;
  add(text, ".");
  add_number(text, number);
}

static void rotate(void) {
  write_pending();
  if (log.files == 1) {
    SYS2(ftruncate, log.fd, 0);
    log.size = 0;
    return;
  }
  for (u32 number = log.files - 1; number > 0; number--) {
    TEXT(from, 256);
    TEXT(to, 256);
    add_rotated_name(&from, number - 1);
    add_rotated_name(&to, number);
    SYS4(renameat, log.directory, from.at, log.directory, to.at);
  }
  reopen_log();
}

static void emit(u32 index, const u8 *bytes, u32 size, bool partial, u64 time) {
  if (log.limit && log.size + pending.length >= log.limit && log.fd >= 0) rotate();
  if (pending.capacity - pending.length < LONGEST_ENTRY(LINE_CAPACITY)) write_pending();
  if (log.format == LOG_CRI) add_cri_entry(&pending, index, bytes, size, partial, time);
  else add_json_entry(&pending, index, bytes, size, partial, time);
}

static void emit_piece(u32 index, const u8 *bytes, u32 size, bool partial, u64 now) {
  struct line *line = &lines[index];
  if (partial && !line->split) line->split_at = now;
  bool joined = log.format == LOG_JSON_FILE && (line->split || partial);
  emit(index, bytes, size, partial, joined ? line->split_at : now);
  line->split = partial;
  line->length = 0;
}

void log_output(u32 index, const u8 *bytes, u32 size) {
  if (log.format == LOG_NONE) return;
  struct line *line = &lines[index];
  u64 now = realtime_ns();
  while (size > 0) {
    u32 room = LINE_CAPACITY - line->length;
    u32 look = size < room ? size : room;
    u32 length = (u32)find_byte(bytes, '\n', look);
    bool whole = length < look;
    if (line->length == 0 && (whole || length == room)) {
      emit_piece(index, bytes, length, !whole, now); // straight from the reader's buffer
    } else {
      memcpy(line->bytes + line->length, bytes, length);
      line->length += length;
      if (whole || line->length == LINE_CAPACITY) emit_piece(index, line->bytes, line->length, !whole, now);
    }
    bytes += length + whole;
    size -= length + whole;
  }
  write_pending();
}

void flush_log(void) {
  for (u32 index = 0; index < 2; index++)
    if (lines[index].length > 0) emit_piece(index, lines[index].bytes, lines[index].length, true, realtime_ns());
  write_pending();
}
