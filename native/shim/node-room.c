#include "node-room.h"
#include <asm/resource.h>
#include "process.h"
#include "string.h"
#include "syscall.h"

#define FEWEST_FILES 40
// Its threads; where there are a few less it waits for one of them for ever.
#define FEWEST_TASKS 6

static bool may_open_files(void) {
  struct {
    u64 soft, hard;
  } limit;
  if (is_error(SYS4(prlimit64, 0, RLIMIT_NOFILE, 0, &limit)) || limit.soft >= FEWEST_FILES) return true;
  TEXT(number, 24);
  add_number(&number, (s64)limit.soft);
  say("Node needs 40 open files, and only ", number.at, " are allowed: raise the limit of this process (ulimit -n)");
  return false;
}

static bool read_file(const char *path, char *buffer, u32 capacity) {
  s64 fd = SYS4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (is_error(fd)) return false;
  s64 length = read_whole(fd, buffer, capacity);
  SYS1(close, fd);
  return length > 0;
}

// False where the group has no such file, or "max" in it.
static bool read_own_group(const char *top, const char *path, u32 length, const char *file, u64 *value) {
  TEXT(whole, 4200);
  char content[32];
  add(&whole, top);
  add_bytes(&whole, path, length);
  add(&whole, file);
  const char *at = content;
  return !whole.full && read_file(whole.at, content, sizeof content) && parse_decimal(&at, value);
}

// proc_pid_cgroup(5): "4:pids:/a" of version 1, "0::/a" of version 2; where neither has a limit there is none to meet.
static bool may_make_tasks(void) {
  char groups[4096];
  if (!read_file("/proc/self/cgroup", groups, sizeof groups)) return true;
  for (char *line = groups; *line;) {
    u32 length = find_byte(line, '\n', strlen(line));
    u32 colon = find_byte(line, ':', length);
    const char *rest = line + colon, *top = starts_with(rest, ":pids:/") ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";
    u32 skipped = starts_with(rest, ":pids:/") ? 6 : starts_with(rest, "::/") ? 2 : 0;
    u64 most, now;
    if (skipped && read_own_group(top, rest + skipped, length - colon - skipped, "/pids.max", &most) &&
        read_own_group(top, rest + skipped, length - colon - skipped, "/pids.current", &now) &&
        most < now + FEWEST_TASKS) {
      TEXT(number, 24);
      add_number(&number, most > now ? (s64)(most - now) : 0);
      say("Node needs 6 more threads, and the control group of this process has room for ", number.at,
          ": raise its pids.max");
      return false;
    }
    line += length + (line[length] == '\n');
  }
  return true;
}

bool has_room_for_node(void) { return may_open_files() && may_make_tasks(); }
