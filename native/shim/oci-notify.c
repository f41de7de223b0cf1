#include "oci-notify.h"
#include <linux/poll.h>
#include "oci-container.h"
#include "oci-verbs.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

struct address { // struct sockaddr_un
  u16 family;
  char path[108];
};

// A name that begins with "@" is an abstract one; unix(7). Its length, 0: too long.
static u64 make_address(struct address *address, const char *path) {
  size_t length = strlen(path);
  memset(address, 0, sizeof *address);
  address->family = 1; // AF_UNIX
  if (length == 0 || length >= sizeof address->path) return 0;
  memcpy(address->path, path, length);
  bool is_abstract = path[0] == '@';
  if (is_abstract) address->path[0] = 0;
  return 2 + length + !is_abstract;
}

static s64 open_datagrams(void) { return SYS3(socket, 1 /* AF_UNIX */, 0x80002 /* SOCK_DGRAM | SOCK_CLOEXEC */, 0); }

// Through the folder's descriptor, so that the length of its path does not matter. Any user of the container may write.
static s64 listen_inside(const struct oci_container *container) {
  struct address address;
  s64 notify = SYS4(openat, container->folder, "notify", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW, 0);
  s64 socket = open_datagrams();
  if (is_error(notify) || is_error(socket)) return -1;
  TEXT(path, 64);
  add(&path, "/proc/self/fd/");
  add_number(&path, notify);
  add(&path, "/notify.sock");
  u64 size = make_address(&address, path.at);
  SYS3(unlinkat, notify, "notify.sock", 0);
  if (is_error(SYS3(bind, socket, &address, size))) return -1;
  SYS3(fchmodat, notify, "notify.sock", 0777);
  SYS1(close, notify);
  return socket;
}

static bool says_ready(const char *message, s64 length) {
  for (s64 at = 0; at < length; at++) {
    bool starts_line = at == 0 || message[at - 1] == '\n';
    if (starts_line && starts_with(message + at, "READY=1") && (message[at + 7] == 0 || message[at + 7] == '\n')) return true;
  }
  return false;
}

static void tell_host(const char *path, u64 pid) {
  struct address address;
  u64 size = make_address(&address, path);
  s64 socket = open_datagrams();
  TEXT(message, 80);
  add(&message, "MAINPID=");
  add_number(&message, (s64)pid);
  add(&message, "\nREADY=1");
  if (size && !is_error(socket)) SYS6(sendto, socket, message.at, message.length, 0x4000 /* MSG_NOSIGNAL */, &address, size);
}

int oci_notify_main(char **argv) {
  static struct oci_container container;
  char message[4096];
  if (!argv[0] || !argv[1] || !argv[2]) return 125;
  if (open_oci_container(argv[0], argv[1], &container) != FOUND) return 1;
  s64 socket = listen_inside(&container);
  if (socket < 0) {
    say("cannot listen for notifications of ", argv[1], "");
    return 1;
  }
  if (!open_oci_gate(&container)) return 1;
  for (;;) {
    struct pollfd set[2] = {{(s32)socket, POLLIN, 0}, {(s32)container.pidfd, POLLIN, 0}};
    if (is_error(SYS5(ppoll, set, 2, 0, 0, 8))) continue;
    if (set[0].revents) {
      s64 got = SYS6(recvfrom, socket, message, sizeof message - 1, 0, 0, 0);
      message[got > 0 ? got : 0] = 0;
      if (!says_ready(message, got)) continue;
      tell_host(argv[2], container.pid);
      return 0;
    }
    if (set[1].revents) return 0;
  }
}
