#include "outside.h"
#include <asm/signal.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/stat.h>
#include "clock.h"
#include "execute.h"
#include "forward.h"
#include "process.h"
#include "shared-namespaces.h"
#include "string.h"
#include "syscall.h"
#include "way-out.h"

#define AF_UNIX 1
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC 02000000
#define SOL_SOCKET 1
#define SO_PEERCRED 17
// A way out that ends sooner than this is not started again.
#define SHORT_LIFE_MS 10000

struct socket_name {
  u16 family;
  char path[108];
};

static struct outside {
  s64 folder, listener, network, member, way_out;
  u64 way_out_since;
  bool is_replaced; // somebody lives in another namespace, which has a process outside of its own
  char **envp;
} outside;

// The path of a run folder may be longer than a socket's name.
static void name_socket(struct socket_name *name, s64 folder) {
  struct text text = {name->path, sizeof name->path, 0, false};
  name->family = AF_UNIX;
  add(&text, "/proc/self/fd/");
  add_number(&text, folder);
  add(&text, "/" OUTSIDE_SOCKET);
}

bool outside_answers(s64 folder) {
  struct socket_name name;
  name_socket(&name, folder);
  s64 socket = SYS3(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  bool answers = !is_error(SYS3(connect, socket, &name, sizeof name));
  SYS1(close, socket);
  return answers;
}

static s64 listen_in(s64 folder) {
  struct socket_name name;
  name_socket(&name, folder);
  s64 socket = SYS3(socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  SYS3(unlinkat, folder, OUTSIDE_SOCKET, 0);
  s64 result = SYS3(bind, socket, &name, sizeof name);
  if (!is_error(result)) result = SYS2(listen, socket, 128);
  return is_error(result) ? result : socket;
}

// Nothing of the command that made us may stay open.
static void close_all_but(s64 *kept, u32 count) {
  u64 from = 3;
  for (u32 i = 1; i < count; i++)
    for (u32 k = i; k > 0 && kept[k - 1] > kept[k]; k--) {
      s64 other = kept[k];
      kept[k] = kept[k - 1];
      kept[k - 1] = other;
    }
  for (u32 i = 0; i < count; i++) {
    if (kept[i] < (s64)from) continue;
    if ((u64)kept[i] > from) SYS3(close_range, from, kept[i] - 1, 0);
    from = (u64)kept[i] + 1;
  }
  SYS3(close_range, from, ~0u, 0);
}

static void leave_terminal(void) {
  s64 null = SYS4(openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
  SYS0(setsid);
  SYS1(chdir, "/");
  for (u32 fd = 0; fd < 3; fd++) SYS3(dup3, null, fd, 0);
}

static bool is_same_namespace(u64 pid) {
  struct statx ours, theirs;
  TEXT(path, 48);
  add(&path, "/proc/");
  add_number(&path, (s64)pid);
  add(&path, "/ns/net");
  // Whoever is about to end has left it already.
  if (is_error(SYS5(statx, outside.network, "", AT_EMPTY_PATH, STATX_INO, &ours)) ||
      is_error(SYS5(statx, AT_FDCWD, path.at, 0, STATX_INO, &theirs)))
    return false;
  if (ours.stx_ino != theirs.stx_ino) outside.is_replaced = true;
  return ours.stx_ino == theirs.stx_ino;
}

static void end_way_out(void) {
  if (outside.way_out >= 0) kill_pidfd(outside.way_out, SIGKILL);
}

// Who lives in the namespace keeps us; when that one has ended, another. Under the lock nobody comes in meanwhile.
static void watch_next_member(void) {
  SYS1(close, outside.member);
  s64 members = lock_members(outside.folder);
  if (is_error(members)) leave(1);
  outside.is_replaced = false;
  outside.member = living_member(members, is_same_namespace);
  if (outside.member >= 0) return close_members(members);
  if (!outside.is_replaced) SYS3(unlinkat, outside.folder, OUTSIDE_SOCKET, 0);
  end_way_out();
  close_members(members);
  leave(0);
}

static bool is_own_user(s64 connection) {
  struct { s32 pid; u32 uid, gid; } peer = {0, ~0u, 0};
  u32 size = sizeof peer;
  return !is_error(SYS5(getsockopt, connection, SOL_SOCKET, SO_PEERCRED, &peer, &size)) && peer.uid == (u32)SYS0(geteuid);
}

static void accept_one(void) {
  s64 connection = SYS4(accept4, outside.listener, 0, 0, SOCK_CLOEXEC);
  if (is_error(connection)) return;
  s64 child = is_own_user(connection) ? system_call(__NR_clone, SIGCHLD, 0, 0, 0, 0, 0) : -1;
  if (child == 0) {
    s64 kept[] = {connection, outside.network};
    SYS5(prctl, PR_SET_NAME, "mycontainer-fwd", 0, 0, 0);
    close_all_but(kept, 2);
    forward_main(connection, outside.network);
  }
  SYS1(close, connection);
}

static void keep_way_out(void) {
  outside.way_out_since = monotonic_ms();
  outside.way_out = start_way_out(outside.network, outside.folder, outside.envp);
  if (outside.way_out >= 0) await_way_out(outside.network, outside.way_out);
}

static void way_out_ended(void) {
  SYS1(close, outside.way_out);
  outside.way_out = -1;
  if (monotonic_ms() - outside.way_out_since >= SHORT_LIFE_MS) keep_way_out();
}

static _Noreturn void stay_outside(void) {
  for (;;) {
    struct pollfd polled[3] = {
        {(s32)outside.listener, POLLIN, 0}, {(s32)outside.member, POLLIN, 0}, {(s32)outside.way_out, POLLIN, 0}};
    if (is_error(SYS5(ppoll, polled, 3, 0, 0, 8))) continue;
    if (polled[1].revents) watch_next_member();
    if (polled[2].revents) way_out_ended();
    if (polled[0].revents) accept_one();
  }
}

// `stream` brings a byte when the command is in the namespace, and takes one when all is there.
static _Noreturn void become_outside(s64 folder, s64 stream, u64 command, char **envp) {
  struct { u64 handler, flags, restorer, mask; } default_action = {0, 2 /* SA_NOCLDWAIT */, 0, 0};
  u8 byte;
  s64 kept[] = {folder, stream};
  leave_terminal();
  close_all_but(kept, 2);
  reset_signals();
  SYS4(rt_sigaction, SIGCHLD, &default_action, 0, 8);
  SYS5(prctl, PR_SET_NAME, "mycontainer-out", 0, 0, 0);
  outside = (struct outside){folder, -1, -1, SYS2(pidfd_open, command, 0), -1, 0, false, envp};
  if (SYS3(read, stream, &byte, 1) != 1) leave(0);
  TEXT(path, 48);
  add(&path, "/proc/");
  add_number(&path, (s64)command);
  add(&path, "/ns/net");
  outside.network = SYS4(openat, AT_FDCWD, path.at, O_RDONLY | O_CLOEXEC, 0);
  outside.listener = listen_in(folder);
  if (outside.member < 0 || outside.network < 0 || outside.listener < 0) leave(1);
  keep_way_out();
  SYS3(write, stream, "", 1);
  SYS1(close, stream);
  stay_outside();
}

s64 prepare_outside(s64 folder, char **envp) {
  s32 stream[2];
  if (is_error(folder)) return folder;
  if (is_error(SYS4(socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, stream))) return -EMFILE;
  u64 command = (u64)SYS0(getpid);
  s64 child = system_call(__NR_clone, SIGCHLD, 0, 0, 0, 0, 0);
  if (child == 0) {
    // Once more, so that nobody but the init of the host has to wait for it.
    if (system_call(__NR_clone, SIGCHLD, 0, 0, 0, 0, 0) == 0) become_outside(folder, stream[1], command, envp);
    leave(0);
  }
  SYS1(close, stream[1]);
  if (!is_error(child)) SYS4(wait4, child, 0, 0, 0);
  return stream[0];
}

void finish_outside(s64 stream, bool is_entered) {
  u8 byte;
  if (is_error(stream)) return;
  if (is_entered && SYS3(write, stream, "", 1) == 1) SYS3(read, stream, &byte, 1);
  SYS1(close, stream);
}
