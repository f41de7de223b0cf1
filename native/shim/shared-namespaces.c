#include "shared-namespaces.h"
#include <linux/poll.h>
#include <linux/stat.h>
#include "process.h"
#include "run-folder.h"
#include "string.h"
#include "syscall.h"

// A thousand and more containers; whoever finds the file full is not in it, which costs nothing while another lives.
#define CAPACITY (32u << 10)
#define LOCK_EXCLUSIVE 2
#define LOCK_NONE 8

static char members[CAPACITY];

struct member {
  u64 pid, ticks;
  bool has_network;
};

// A user's first command makes the run folder before anybody can enter anything.
static void make_folders(struct text *path) {
  for (u32 at = 1; at <= path->length; at++) {
    if (path->at[at] != '/' && path->at[at] != 0) continue;
    char end = path->at[at];
    path->at[at] = 0;
    SYS3(mkdirat, AT_FDCWD, path->at, 0700);
    path->at[at] = end;
  }
}

s64 open_members(char **arguments, char **envp) {
  TEXT(path, 4096);
  if (!run_folder(&path, arguments, envp)) return -ENAMETOOLONG;
  make_folders(&path);
  s64 folder = open_run_folder(arguments, envp);
  if (is_error(folder)) return folder;
  s64 file = lock_members(folder);
  SYS1(close, folder);
  return file;
}

s64 lock_members(s64 folder) {
  struct statx info;
  s64 file = SYS4(openat, folder, "userns", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (is_error(file)) return file;
  s64 result = SYS5(statx, file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &info);
  bool trusted = !is_error(result) && (info.stx_mode & S_IFMT) == S_IFREG && is_ours(info.stx_uid);
  while (trusted && (result = SYS2(flock, file, LOCK_EXCLUSIVE)) == -EINTR) {}
  if (trusted && !is_error(result)) return file;
  SYS1(close, file);
  return -EPERM;
}

void close_members(s64 file) {
  // Not by close alone: a helper that was forked meanwhile may hold the file open.
  SYS2(flock, file, LOCK_NONE);
  SYS1(close, file);
}

static bool next_member(const char **at, struct member *member) {
  if (!parse_decimal(at, &member->pid) || *(*at)++ != ' ' || !parse_decimal(at, &member->ticks)) return false;
  member->has_network = starts_with(*at, " net");
  *at += member->has_network ? 4 : 0;
  return *(*at)++ == '\n';
}

static void read_members(s64 file) {
  SYS3(lseek, file, 0, 0);
  if (is_error(read_whole(file, members, sizeof members))) members[0] = 0;
}

// A pidfd, or -errno where it has ended.
static s64 open_member(const struct member *member) {
  s64 pidfd = SYS2(pidfd_open, member->pid, 0);
  // The pidfd was opened first: if the ticks fit now, it is that process and no later one of the same number.
  if (is_error(pidfd)) return pidfd;
  // One that has ended and was not waited for yet is in no namespace any more.
  if (start_ticks(member->pid) == member->ticks && !poll_one(pidfd, POLLIN, 0)) return pidfd;
  SYS1(close, pidfd);
  return -ESRCH;
}

bool enter_member(s64 file, u64 types, bool with_network) {
  struct member member;
  read_members(file);
  for (const char *at = members; next_member(&at, &member);) {
    if (with_network && !member.has_network) continue;
    s64 pidfd = open_member(&member);
    if (is_error(pidfd)) continue;
    bool entered = !is_error(SYS2(setns, pidfd, types));
    SYS1(close, pidfd);
    if (entered) return true;
  }
  return false;
}

s64 living_member(s64 file, bool (*is_wanted)(u64 pid)) {
  struct member member;
  read_members(file);
  for (const char *at = members; next_member(&at, &member);) {
    if (!member.has_network) continue;
    s64 pidfd = open_member(&member);
    if (is_error(pidfd)) continue;
    if (!is_wanted || is_wanted(member.pid)) return pidfd;
    SYS1(close, pidfd);
  }
  return -ESRCH;
}

static void add_member(struct text *text, const struct member *member) {
  TEXT(line, 64);
  add_number(&line, (s64)member->pid);
  add(&line, " ");
  add_number(&line, (s64)member->ticks);
  add(&line, member->has_network ? " net\n" : "\n");
  add_bytes(text, line.at, line.length);
}

void join_members(s64 file, bool with_network) {
  static char storage[CAPACITY];
  struct text text = {storage, sizeof storage, 0, false};
  u64 self = (u64)SYS0(getpid);
  struct member member, own = {self, start_ticks(self), with_network};
  add_member(&text, &own);
  read_members(file);
  for (const char *at = members; next_member(&at, &member);)
    if (member.pid != self && start_ticks(member.pid) == member.ticks) add_member(&text, &member);
  SYS3(lseek, file, 0, 0);
  SYS2(ftruncate, file, 0);
  write_all(file, text.at, text.length);
  close_members(file);
}
