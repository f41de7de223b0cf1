#include "subordinate-ids.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

static char file[256u << 10];

static bool read_file(const char *path) {
  s64 fd = SYS4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (is_error(fd)) return false;
  s64 length = read_whole(fd, file, sizeof file);
  SYS1(close, fd);
  return !is_error(length);
}

// The next line, ended with NUL in place; *at moves behind it.
static char *next_line(char **at) {
  char *line = *at;
  if (*line == 0) return 0;
  size_t length = find_byte(line, '\n', strlen(line));
  *at = line + length + (line[length] == '\n');
  line[length] = 0;
  return line;
}

// The next field of a line with colons.
static char *next_field(char **at) {
  char *field = *at;
  size_t length = find_byte(field, ':', strlen(field));
  *at = field + length + (field[length] == ':');
  field[length] = 0;
  return field;
}

static void find_name(u64 uid, char *name, u32 capacity) {
  name[0] = 0;
  if (!read_file("/etc/passwd")) return;
  for (char *at = file, *line; (line = next_line(&at));) {
    char *login = next_field(&line);
    next_field(&line);
    u64 number;
    if (!parse_number(next_field(&line), &number) || number != uid || strlen(login) >= capacity) continue;
    memcpy(name, login, strlen(login) + 1);
    return;
  }
}

u32 read_ranges(const char *path, u64 uid, struct id_range ranges[MAX_RANGES]) {
  char name[256];
  u32 count = 0;
  find_name(uid, name, sizeof name);
  if (!read_file(path)) return 0;
  for (char *at = file, *line; count < MAX_RANGES && (line = next_line(&at));) {
    char *owner = next_field(&line);
    u64 number;
    bool ours = (*owner && same(owner, name)) || (parse_number(owner, &number) && number == uid);
    struct id_range range;
    if (!ours || !parse_number(next_field(&line), &range.first) || !parse_number(next_field(&line), &range.count)) continue;
    if (range.count > 0) ranges[count++] = range;
  }
  return count;
}
