// All commands of one user share one user namespace and one mount namespace as long as a process lives there: a command
// or the monitor of a container (shared-namespaces.h). A user namespace belongs to whoever made it, so entering needs no
// privilege, and nobody else's can be entered. The containers' bridges are in one network namespace of the user, which
// is entered where it is there, and made for what needs it: there is no way back to the host's network afterwards.
#include "rootless.h"
#include <asm/signal.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <linux/wait.h>
#include "execute.h"
#include "outside.h"
#include "process.h"
#include "run-folder.h"
#include "shared-namespaces.h"
#include "string.h"
#include "subordinate-ids.h"
#include "syscall.h"

#define SPACES (CLONE_NEWUSER | CLONE_NEWNS)

// Another mount namespace's root is where setns leaves us.
static bool enter_spaces(s64 members) {
  char cwd[4096];
  bool knows_cwd = !is_error(SYS2(getcwd, cwd, sizeof cwd));
  if (!enter_member(members, SPACES, false)) return false;
  if (knows_cwd) SYS1(chdir, cwd);
  return true;
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

enum network_wish { NETWORK_OF_HOST, NETWORK_IF_THERE, NETWORK_OWN };

static bool names_host(const char *word, const char *next) {
  static const char *const flags[] = {"--network", "--net"};
  for (u32 i = 0; i < sizeof flags / sizeof *flags; i++) {
    if (!starts_with(word, flags[i])) continue;
    const char *value = word + strlen(flags[i]);
    if (same(value, "=host") || (*value == 0 && next && same(next, "host"))) return true;
  }
  return false;
}

// Only a guess, on the safe side: Node starts us again with MYCONTAINER_NETNS=own where a container needs the bridges.
// Images come and go over the host's network; "serve" and "run" mean other things among their words.
static enum network_wish network_wish(bool is_runtime, char **arguments, char **envp) {
  static const char *const either[] = {"start", "restart"},
                           *const bridged[] = {"run", "serve", "network", "play"};
  const char *wish = environment_value(envp, "MYCONTAINER_NETNS");
  if (wish && same(wish, "own")) return NETWORK_OWN;
  if (!is_runtime) return NETWORK_OF_HOST;
  for (u32 i = 0; arguments[i]; i++)
    if (names_host(arguments[i], arguments[i + 1])) return NETWORK_OF_HOST;
  for (u32 i = 0; arguments[i]; i++) {
    for (u32 word = 0; word < 2; word++)
      if (same(arguments[i], either[word])) return NETWORK_OF_HOST;
    for (u32 word = 0; word < sizeof bridged / sizeof *bridged; word++)
      if (same(arguments[i], bridged[word])) return NETWORK_OWN;
  }
  return NETWORK_IF_THERE;
}

static void raise_loopback(void) {
  struct { char name[16]; u16 flags; char rest[22]; } request = {"lo", 1 /* IFF_UP */, ""}; // struct ifreq, netdevice(7)
  s64 socket = SYS3(socket, 2 /* AF_INET */, 2 /* SOCK_DGRAM */ | O_CLOEXEC, 0);
  SYS3(ioctl, socket, SIOCSIFFLAGS, &request);
  SYS1(close, socket);
}

static bool is_inhabited(s64 members) {
  s64 member = is_error(members) ? members : living_member(members, 0);
  if (!is_error(member)) SYS1(close, member);
  return !is_error(member);
}

// Whoever stays outside has to be made before: there is no way back (outside.h).
static bool enter_own(s64 members, s64 folder, char **envp) {
  s64 outside = -1;
  bool entered = false;
  if (is_inhabited(members)) {
    if (!outside_answers(folder)) outside = prepare_outside(folder, envp);
    entered = enter_member(members, CLONE_NEWNET, true);
  }
  if (!entered) {
    if (outside < 0) outside = prepare_outside(folder, envp);
    entered = !is_error(SYS1(unshare, CLONE_NEWNET));
    if (entered) raise_loopback();
  }
  finish_outside(outside, entered);
  return entered;
}

static bool enter_network(s64 members, enum network_wish wish, s64 folder, char **envp) {
  if (wish == NETWORK_OWN) return enter_own(members, folder, envp);
  return wish == NETWORK_IF_THERE && !is_error(members) && enter_member(members, CLONE_NEWNET, true);
}

static void write_network(struct rootless_environment *storage, char **slot, bool owns_network, const char *otherwise) {
  *slot = set_variable(storage->bytes[0], "MYCONTAINER_NETNS=", owns_network ? "shared" : otherwise, 0);
}

void enter_own_network(char **arguments, char **environment, struct rootless_environment *storage) {
  s64 members = open_members(arguments, environment), folder = open_run_folder(arguments, environment);
  bool owns_network = enter_network(members, NETWORK_OWN, folder, environment);
  if (!is_error(folder)) SYS1(close, folder);
  if (!is_error(members)) join_members(members, owns_network);
  for (char **variable = environment; *variable; variable++)
    if (starts_with(*variable, "MYCONTAINER_NETNS=")) write_network(storage, variable, owns_network, "none");
}

void enter_rootless(bool is_runtime, char **arguments, char **envp, struct rootless_environment *storage, char **environment) {
  u64 uid = (u64)SYS0(geteuid), gid = (u64)SYS0(getegid);
  struct { u64 handler, flags, restorer, mask; } ignore = {1 /* SIG_IGN */, 0, 0, 0}, before = {0, 0, 0, 0};
  const char *kind;
  SYS4(rt_sigaction, SIGPIPE, &ignore, &before, 8);
  s64 members = open_members(arguments, envp);
  // While the user is who owns it: inside everybody is root.
  enum network_wish wish = network_wish(is_runtime, arguments, envp);
  s64 folder = wish == NETWORK_OWN ? open_run_folder(arguments, envp) : -ENOENT;
  if (!is_error(members) && enter_spaces(members)) kind = is_full_map() ? "full" : "single";
  else kind = create(uid, gid);
  bool owns_network = !same(kind, "none") && enter_network(members, wish, folder, envp);
  if (!is_error(folder)) SYS1(close, folder);
  if (!is_error(members)) {
    if (same(kind, "none")) close_members(members);
    else join_members(members, owns_network);
  }
  SYS4(rt_sigaction, SIGPIPE, &before, 0, 8);
  write_network(storage, environment, owns_network, wish == NETWORK_OWN ? "none" : "host");
  environment[1] = set_variable(storage->bytes[1], "MYCONTAINER_USERNS=", kind, 0);
  environment[2] = set_variable(storage->bytes[2], "MYCONTAINER_ROOTLESS_UID=", 0, uid);
  environment[3] = set_variable(storage->bytes[3], "MYCONTAINER_ROOTLESS_GID=", 0, gid);
  environment[4] = 0;
}
