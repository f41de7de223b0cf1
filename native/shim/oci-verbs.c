#include "oci-verbs.h"
#include <asm/signal.h>
#include <linux/poll.h>
#include "clock.h"
#include "oci-container.h"
#include "process.h"
#include "remove-tree.h"
#include "syscall.h"

#define DEATH_MS 10000
#define STATE_CAPACITY (128u << 10)

static struct oci_container container;
static char state[STATE_CAPACITY];

static bool tell_state(void) {
  TEXT(head, 120);
  if (container.flags & LAUNCH_NODE_LOOKS) return false;
  s64 fd = SYS4(openat, container.folder, "state.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
  if (is_error(fd)) return false;
  s64 length = read_whole(fd, state, sizeof state);
  SYS1(close, fd);
  if (is_error(length) || length < 2 || length == sizeof state - 1 || state[0] != '{') return false;
  const char *status = container.pid == 0           ? "stopped"
                       : waits_to_start(&container) ? "created"
                       : is_frozen(&container)      ? "paused"
                                                    : "running";
  add(&head, "{\n  \"pid\": ");
  add_number(&head, (s64)container.pid);
  add(&head, ",\n  \"status\": \"");
  add(&head, status);
  add(&head, "\",");
  return !is_error(write_all(1, head.at, head.length)) && !is_error(write_all(1, state + 1, (size_t)length - 1));
}

// Whoever removes the name of the gate is the one who opens it.
bool open_oci_gate(const struct oci_container *one) {
  if (one->pid == 0) return false;
  s64 gate = SYS4(openat, one->folder, "start", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW, 0);
  if (is_error(gate)) return false;
  bool opened = !is_error(SYS3(unlinkat, one->folder, "start", 0)) && SYS3(write, gate, "", 1) == 1;
  SYS1(close, gate);
  return opened;
}

static bool send_signal(const char *text) {
  u32 number = text ? parse_signal(text) : SIGTERM;
  if (number == 0 || container.pid == 0 || container.flags & LAUNCH_NODE_LOOKS) return false;
  return !is_error(SYS4(pidfd_send_signal, container.pidfd, number, 0, 0));
}

static void kill_group(void) {
  TEXT(path, 4096);
  add(&path, container.group);
  add(&path, "/cgroup.kill");
  s64 fd = path.full ? -ENAMETOOLONG : SYS4(openat, AT_FDCWD, path.at, O_WRONLY | O_CLOEXEC, 0);
  if (is_error(fd)) return;
  SYS3(write, fd, "1", 1);
  SYS1(close, fd);
}

// A group stays busy for a moment after its last process has gone.
static bool remove_group(const char *path) {
  for (u64 pause = 1; pause <= 64; pause *= 2) {
    s64 result = SYS3(unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
    if (!is_error(result) || result == -ENOENT) return true;
    if (result != -EBUSY) return false;
    sleep_ms(pause);
  }
  return false;
}

static bool remove_groups(void) {
  char *line = container.groups;
  while (*line) {
    size_t length = find_byte(line, '\n', strlen(line));
    bool is_last = line[length] == 0;
    line[length] = 0;
    if (!remove_group(line)) return false;
    line += length + !is_last;
  }
  return true;
}

bool delete_oci_container(const char *root, const char *id, bool force) {
  enum found found = open_oci_container(root, id, &container);
  if (found == NOT_THERE) return force;
  if (found != FOUND || container.flags & LAUNCH_NODE_DELETES) return false;
  if (container.pid != 0) {
    if (!force) return false;
    kill_pidfd(container.pidfd, SIGKILL);
    if (!poll_one(container.pidfd, POLLIN, DEATH_MS)) return false;
  }
  if (container.group) kill_group();
  return remove_groups() && !is_error(remove_tree(container.root, id));
}

static const char *const no_flags[] = {0};
static const char *const force_flags[] = {"force", "f", 0};

bool run_oci_verb(const struct oci_request *request, s32 *code) {
  bool flagged;
  const char *verb = request->verb;
  char **rest = request->rest;
  *code = 0;
  if (same(verb, "delete")) {
    const char *id = only_word(rest, force_flags, &flagged);
    return id && delete_oci_container(request->root, id, flagged);
  }
  if (same(verb, "kill")) {
    bool is_plain = rest[0] && rest[0][0] != '-' && (!rest[1] || (rest[1][0] != '-' && !rest[2]));
    return is_plain && open_oci_container(request->root, rest[0], &container) == FOUND && send_signal(rest[1]);
  }
  if (!same(verb, "state") && !same(verb, "start")) return false;
  const char *id = only_word(rest, no_flags, &flagged);
  if (!id || open_oci_container(request->root, id, &container) != FOUND) return false;
  if (same(verb, "state")) return tell_state();
  return !(container.flags & LAUNCH_NODE_STARTS) && open_oci_gate(&container);
}
