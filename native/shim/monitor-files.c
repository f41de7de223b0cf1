#include <linux/uio.h>
#include "clock.h"
#include "string.h"
#include "syscall.h"
#include "watch.h"

// Readers never see half a file: a temporary name, then rename. A full disk costs the file, not the container.
static void write_file(const char *temporary, const char *name, const struct text *text, bool sync) {
  if (watch.state_dir < 0) return;
  s64 fd = SYS4(openat, watch.state_dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (is_error(fd)) return;
  s64 result = write_all(fd, text->at, text->length);
  if (sync) SYS1(fsync, fd);
  SYS1(close, fd);
  if (!is_error(result)) SYS4(renameat, watch.state_dir, temporary, watch.state_dir, name);
  if (sync) SYS1(fsync, watch.state_dir);
}

static void add_field(struct text *text, const char *name, s64 value) {
  add(text, name);
  add_number(text, value);
}

static void add_started(struct text *text) {
  if (watch.started_text[0] == 0) return;
  add(text, ",\"startedAt\":\"");
  add(text, watch.started_text);
  add(text, "\"");
}

void write_process_file(void) {
  static u64 self, self_ticks, child_ticks; // of the same two processes each time
  TEXT(text, 400);
  if (watch.state_dir < 0 || watch.options->flags & MONITOR_UNRECORDED) return;
  if (self == 0) self = (u64)SYS0(getpid);
  if (self_ticks == 0) self_ticks = start_ticks(self);
  if (child_ticks == 0) child_ticks = start_ticks(watch.child);
  add_field(&text, "{\"pid\":", (s64)watch.child);
  add_field(&text, ",\"startTicks\":", (s64)child_ticks);
  add_field(&text, ",\"monitorPid\":", (s64)self);
  add_field(&text, ",\"monitorStartTicks\":", (s64)self_ticks);
  add_started(&text);
  add(&text, "}\n");
  write_file(".process", "process", &text, false);
}

static void describe_exit(struct text *text) {
  if (watch.failed) {
    bool died = watch.failure.type == RECORD_DIED;
    add_field(text, "{\"failed\":{\"pc\":", watch.failure.pc);
    add_field(text, ",\"errno\":", died ? 0 : watch.failure.value);
    add_field(text, ",\"signal\":", died ? watch.failure.value : 0);
    add(text, "}");
  } else {
    u32 signal = watch.ending.signal;
    add_field(text, "{\"exitCode\":", signal ? 128 + signal : watch.ending.code);
    add_field(text, ",\"signal\":", signal);
    add_field(text, ",\"oomKills\":", (s64)watch.oom_kills);
    add_started(text);
  }
  add(text, ",\"finishedAt\":\"");
  add_time(text, watch.finished_at, true);
  add(text, "\"}");
}

void write_exit_file(void) {
  TEXT(text, 400);
  describe_exit(&text);
  add(&text, "\n");
  if (watch.options && watch.options->flags & MONITOR_UNRECORDED) return;
  bool transient = watch.options && watch.options->flags & MONITOR_TRANSIENT;
  write_file(".exit", "exit", &text, !transient);
}

// One write of the whole line: appends of several monitors and commands do not mix.
static void append_line(u32 start, struct text *end) {
  const char *data = (const char *)data_of(watch.machine->header);
  if (watch.options->event_path == 0 || start == 0) return;
  add(end, "}\n");
  s64 fd = SYS4(openat, AT_FDCWD, data + watch.options->event_path,
                O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (is_error(fd)) return;
  struct iovec parts[2] = {{(void *)(data + start), strlen(data + start)}, {end->at, end->length}};
  SYS3(writev, fd, parts, 2);
  SYS1(close, fd);
}

void append_event(u32 start) {
  TEXT(text, 400);
  describe_exit(&text);
  append_line(start, &text);
}

void append_event_now(u32 start) {
  TEXT(text, 400);
  add(&text, "{\"finishedAt\":\"");
  add_time(&text, realtime_ns(), true);
  add(&text, "\"}");
  append_line(start, &text);
}

void record_failure(s64 state_dir, u32 type, u32 pc, s64 value) {
  watch.state_dir = state_dir;
  watch.failed = true;
  watch.failure = (struct record){type, pc, value, 0, 0, 0};
  watch.finished_at = realtime_ns();
  write_exit_file();
}

void read_started_at(void) {
  static const char key[] = "\"startedAt\":\"";
  char bytes[400];
  if (watch.state_dir < 0) return;
  s64 fd = SYS4(openat, watch.state_dir, "process", O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
  if (is_error(fd)) return;
  s64 length = read_whole(fd, bytes, sizeof bytes);
  SYS1(close, fd);
  for (s64 at = 0; at < length; at++) {
    if (!starts_with(bytes + at, key)) continue;
    const char *value = bytes + at + sizeof key - 1;
    size_t size = find_byte(value, '"', strlen(value));
    if (size >= sizeof watch.started_text) return;
    memcpy(watch.started_text, value, size);
    watch.started_text[size] = 0;
  }
}

bool has_state_file(const char *name) {
  return watch.state_dir >= 0 && !is_error(SYS3(faccessat, watch.state_dir, name, 0));
}
