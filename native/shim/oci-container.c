#include "oci-container.h"
#include <linux/poll.h>
#include "oci-request.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

static s64 read_file(s64 folder, const char *name, char *bytes, u32 capacity) {
  s64 fd = SYS4(openat, folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
  if (is_error(fd)) return fd;
  s64 length = read_whole(fd, bytes, capacity);
  SYS1(close, fd);
  return length == capacity - 1 ? -EFBIG : length;
}

// Cuts off a line; the rest, or 0 when there was no end to it.
static char *cut_line(char *text) {
  size_t length = find_byte(text, '\n', strlen(text));
  if (text[length] == 0) return 0;
  text[length] = 0;
  return text + length + 1;
}

static bool read_launch(struct oci_container *container) {
  static const char magic[] = "mycontainer-oci 1 ";
  u64 flags;
  if (is_error(read_file(container->folder, "launch", container->launch, sizeof container->launch))) return false;
  if (!starts_with(container->launch, magic)) return false;
  char *second = cut_line(container->launch);
  if (!second || !parse_number(container->launch + sizeof magic - 1, &flags)) return false;
  container->groups = cut_line(second);
  container->flags = (u32)flags;
  container->group = same(second, "-") ? 0 : second;
  return container->groups != 0;
}

// A number may be another process's by now: the time it was started at is compared once its descriptor holds it.
static bool open_process(struct oci_container *container) {
  char text[400];
  u64 pid, ticks;
  if (is_error(read_file(container->folder, "process", text, sizeof text))) return false;
  const char *at = text;
  if (!starts_with(at, "{\"pid\":")) return false;
  at += 7;
  if (!parse_decimal(&at, &pid) || !starts_with(at, ",\"startTicks\":")) return false;
  at += 14;
  if (!parse_decimal(&at, &ticks) || pid == 0 || ticks == 0) return false;
  s64 pidfd = SYS2(pidfd_open, pid, 0);
  if (is_error(pidfd)) return pidfd == -ESRCH;
  if (start_ticks(pid) != ticks || poll_one(pidfd, POLLIN, 0)) {
    SYS1(close, pidfd);
    return true;
  }
  container->pid = pid;
  container->pidfd = pidfd;
  return true;
}

enum found open_oci_container(const char *root, const char *id, struct oci_container *container) {
  container->pid = 0;
  container->pidfd = -1;
  if (!is_container_id(id)) return UNCLEAR;
  container->root = SYS4(openat, AT_FDCWD, root, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (is_error(container->root)) return container->root == -ENOENT ? NOT_THERE : UNCLEAR;
  container->folder = SYS4(openat, container->root, id, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
  if (is_error(container->folder)) return container->folder == -ENOENT ? NOT_THERE : UNCLEAR;
  return read_launch(container) && open_process(container) ? FOUND : UNCLEAR;
}

bool waits_to_start(const struct oci_container *container) {
  return !is_error(SYS3(faccessat, container->folder, "start", 0));
}

bool is_frozen(const struct oci_container *container) {
  static const char line[] = "frozen 1\n";
  char text[256];
  if (!container->group) return false;
  s64 folder = SYS4(openat, AT_FDCWD, container->group, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (is_error(folder)) return false;
  s64 length = read_file(folder, "cgroup.events", text, sizeof text);
  SYS1(close, folder);
  for (s64 at = 0; at < length; at++)
    if (starts_with(text + at, line)) return true;
  return false;
}
