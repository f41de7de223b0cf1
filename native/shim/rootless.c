// All commands of one user share one user namespace and one mount namespace as long as a container of theirs lives:
// the file `userns` in the run folder ("PID START_TICKS") names a process inside, and is written by whoever starts
// containers. A user namespace belongs to whoever made it, so entering needs no privilege, and nobody else's can be entered.
#include "rootless.h"
#include <asm/signal.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/wait.h>
#include "execute.h"
#include "process.h"
#include "run-folder.h"
#include "string.h"
#include "subordinate-ids.h"
#include "syscall.h"

#define SPACES (CLONE_NEWUSER | CLONE_NEWNS)

static bool read_recorded(char **arguments, char **envp, u64 *pid, u64 *ticks) {
  char bytes[64];
  s64 folder = open_run_folder(arguments, envp);
  if (is_error(folder)) return false;
  s64 fd = is_our_file(folder, "userns", S_IFREG) ? SYS4(openat, folder, "userns", O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0) : -EPERM;
  SYS1(close, folder);
  if (is_error(fd)) return false;
  s64 length = read_whole(fd, bytes, sizeof bytes);
  SYS1(close, fd);
  const char *at = bytes;
  return !is_error(length) && parse_decimal(&at, pid) && *at++ == ' ' && parse_decimal(&at, ticks);
}

static bool enter_recorded(char **arguments, char **envp) {
  u64 pid, ticks;
  char cwd[4096];
  if (!read_recorded(arguments, envp, &pid, &ticks)) return false;
  s64 pidfd = SYS2(pidfd_open, pid, 0);
  if (is_error(pidfd)) return false;
  bool knows_cwd = !is_error(SYS2(getcwd, cwd, sizeof cwd));
  // The pidfd was opened first: if the ticks fit now, it is that process and no later one of the same number.
  bool entered = start_ticks(pid) == ticks && !is_error(SYS2(setns, pidfd, SPACES));
  SYS1(close, pidfd);
  // Another mount namespace's root is where setns leaves us.
  if (entered && knows_cwd) SYS1(chdir, cwd);
  return entered;
}

static bool write_text(const char *path, const struct text *text) {
  s64 fd = SYS4(openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  if (is_error(fd)) return false;
  s64 result = SYS3(write, fd, text->at, text->length);
  SYS1(close, fd);
  return !is_error(result);
}

static bool map_single(u64 uid, u64 gid) {
  TEXT(deny, 8);
  TEXT(users, 64);
  TEXT(groups, 64);
  add(&deny, "deny");
  write_text("/proc/self/setgroups", &deny); // demanded before an unprivileged gid_map
  add(&users, "0 ");
  add_number(&users, (s64)uid);
  add(&users, " 1\n");
  add(&groups, "0 ");
  add_number(&groups, (s64)gid);
  add(&groups, " 1\n");
  return write_text("/proc/self/uid_map", &users) && write_text("/proc/self/gid_map", &groups);
}

// Runs newuidmap or newgidmap: PID 0 ID 1 then 1 FIRST COUNT … for the ranges.
static bool run_map_tool(const char *tool, s64 pid, u64 id, const struct id_range *ranges, u32 count) {
  char storage[2 + 3 + 3 * MAX_RANGES][24], *argv[3 + 3 + 3 * MAX_RANGES];
  char *envp[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 0};
  u64 numbers[1 + 3 + 3 * MAX_RANGES] = {(u64)pid, 0, id, 1}, total = 4, next = 1;
  for (u32 i = 0; i < count; i++) {
    numbers[total++] = next;
    numbers[total++] = ranges[i].first;
    numbers[total++] = ranges[i].count;
    next += ranges[i].count;
  }
  argv[0] = (char *)tool;
  for (u64 i = 0; i < total; i++) {
    struct text text = {storage[i], sizeof storage[i], 0, false};
    add_number(&text, (s64)numbers[i]);
    argv[1 + i] = storage[i];
  }
  argv[1 + total] = 0;
  s64 child = system_call(__NR_clone, SIGCHLD, 0, 0, 0, 0, 0);
  if (child == 0) {
    SYS3(dup3, SYS4(openat, AT_FDCWD, "/dev/null", O_RDWR, 0), 2, 0); // a failure is answered by the single mapping
    execute_along_path(argv, envp);
    leave(127);
  }
  s32 status = -1;
  return !is_error(child) && SYS4(wait4, child, &status, 0, 0) == child && status == 0;
}

// The helper stays outside, waits until the namespace is there (a byte on the pipe), and maps.
static _Noreturn void map_from_outside(s64 pid, s64 go, u64 uid, u64 gid) {
  struct id_range users[MAX_RANGES], groups[MAX_RANGES];
  u8 byte;
  u32 user_count = read_ranges("/etc/subuid", uid, users), group_count = read_ranges("/etc/subgid", uid, groups);
  if (user_count == 0 || group_count == 0 || SYS3(read, go, &byte, 1) != 1) leave(1);
  bool mapped = run_map_tool("newuidmap", pid, uid, users, user_count) && run_map_tool("newgidmap", pid, gid, groups, group_count);
  leave(mapped ? 0 : 1);
}

static const char *create(u64 uid, u64 gid) {
  s32 pipe[2], status = -1;
  s64 self = SYS0(getpid);
  if (is_error(SYS2(pipe2, pipe, O_CLOEXEC))) return "none";
  s64 helper = system_call(__NR_clone, SIGCHLD, 0, 0, 0, 0, 0);
  if (helper == 0) {
    SYS1(close, pipe[1]);
    map_from_outside(self, pipe[0], uid, gid);
  }
  SYS1(close, pipe[0]);
  bool made = !is_error(SYS1(unshare, SPACES));
  if (made) SYS3(write, pipe[1], "", 1); // EPIPE kills nobody who ignores it; a helper that gave up has a reader no more
  SYS1(close, pipe[1]);
  if (!is_error(helper)) SYS4(wait4, helper, &status, 0, 0);
  if (!made) return "none";
  bool full = status == 0;
  if (!full && !map_single(uid, gid)) return "none";
  // Mounts of the host come in, ours do not go out.
  SYS5(mount, 0, "/", 0, MS_REC | MS_SLAVE, 0);
  return full ? "full" : "single";
}

static bool is_full_map(void) {
  char map[4096];
  s64 fd = SYS4(openat, AT_FDCWD, "/proc/self/uid_map", O_RDONLY | O_CLOEXEC, 0);
  if (is_error(fd)) return false;
  s64 length = read_whole(fd, map, sizeof map);
  SYS1(close, fd);
  return !is_error(length) && find_byte(map, '\n', (size_t)length) + 1 < (size_t)length;
}

static char *set_variable(char *storage, const char *name, const char *value, u64 number) {
  struct text text = {storage, 48, 0, false};
  add(&text, name);
  if (value) add(&text, value);
  else add_number(&text, (s64)number);
  return storage;
}

void enter_rootless(char **arguments, char **envp, struct rootless_environment *storage, char **environment) {
  u64 uid = (u64)SYS0(geteuid), gid = (u64)SYS0(getegid);
  struct { u64 handler, flags, restorer, mask; } ignore = {1 /* SIG_IGN */, 0, 0, 0}, before = {0, 0, 0, 0};
  const char *kind;
  SYS4(rt_sigaction, SIGPIPE, &ignore, &before, 8);
  if (enter_recorded(arguments, envp)) kind = is_full_map() ? "full" : "single";
  else kind = create(uid, gid);
  SYS4(rt_sigaction, SIGPIPE, &before, 0, 8);
  environment[0] = set_variable(storage->bytes[0], "MYCONTAINER_USERNS=", kind, 0);
  environment[1] = set_variable(storage->bytes[1], "MYCONTAINER_ROOTLESS_UID=", 0, uid);
  environment[2] = set_variable(storage->bytes[2], "MYCONTAINER_ROOTLESS_GID=", 0, gid);
  environment[3] = 0;
}
