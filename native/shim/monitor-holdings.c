#include "process.h"
#include "string.h"
#include "syscall.h"
#include "watch.h"

// Networks may come and go while the container runs. From then on a file in the state folder says what it holds, one line
// each: the name of an interface, to be taken down, or the path of a lease, to be unlinked after the cleanup section, which
// withdraws ports. That section leaves its own list of leases alone then: what was on it may be somebody else's by now.
#define HOLDINGS "holdings"
#define HOLDINGS_CAPACITY (64u << 10)
#define SIOCSIFFLAGS 0x8914

struct interface_request { // struct ifreq, netdevice(7)
  char name[16];
  u16 flags;
  u8 rest[22];
};

static char text[HOLDINGS_CAPACITY];
static size_t size;

// A connection that is still saying good-bye keeps its namespace alive, and the interface would go on answering for an
// address that is given to the next container.
static void take_down(s64 socket, const char *name, size_t length) {
  struct interface_request request = {.flags = 0};
  if (length >= sizeof request.name) return;
  memcpy(request.name, name, length);
  SYS3(ioctl, socket, SIOCSIFFLAGS, &request); // it may be gone already
}

static void take_down_line(s64 socket, const char *line, size_t length) {
  if (length > 0 && line[0] != '/') take_down(socket, line, length);
}

static void unlink_line(s64 unused, const char *line, size_t length) {
  (void)unused;
  if (length > 0 && line[0] == '/') SYS3(unlinkat, AT_FDCWD, line, 0);
}

// What follows the last end of a line did not fit: whoever needs it takes it back.
static void each_line(void (*visit)(s64 socket, const char *line, size_t length), s64 socket) {
  for (size_t from = 0;;) {
    size_t length = find_byte(text + from, '\n', size - from);
    if (length == size - from) return;
    text[from + length] = 0;
    visit(socket, text + from, length);
    text[from + length] = '\n';
    from += length + 1;
  }
}

void take_down_holdings(void) {
  if (watch.state_dir < 0) return;
  s64 fd = SYS4(openat, watch.state_dir, HOLDINGS, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
  if (is_error(fd)) return;
  s64 got = read_whole(fd, text, sizeof text);
  SYS1(close, fd);
  if (is_error(got)) return;
  size = (size_t)got;
  s64 socket = SYS3(socket, 1 /* AF_UNIX */, 2 | 0x80000 /* SOCK_DGRAM | SOCK_CLOEXEC */, 0);
  each_line(take_down_line, socket);
  if (!is_error(socket)) SYS1(close, socket);
}

void unlink_holdings(void) { each_line(unlink_line, -1); }
