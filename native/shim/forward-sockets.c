#include "forward-sockets.h"
#include "string.h"
#include "syscall.h"

#define SOL_SOCKET 1
#define SO_REUSEADDR 2
#define SOL_IPV6 41
#define IPV6_V6ONLY 26
#define BACKLOG 4096 // the kernel makes it net.core.somaxconn at most

u8 forward_bytes[FORWARD_BYTES];
static s64 events_fd = -1;

void forward_name(struct socket_name *name, bool is_ipv6, const u8 *address, u16 port) {
  memset(name, 0, sizeof *name);
  name->bytes[0] = is_ipv6 ? AF_INET6 : AF_INET;
  name->bytes[2] = (u8)(port >> 8);
  name->bytes[3] = (u8)port;
  memcpy(name->bytes + (is_ipv6 ? 8 : 4), address, is_ipv6 ? 16 : 4);
  name->length = is_ipv6 ? 28 : 16;
}

static s64 open_socket(const struct forward_port *port) {
  int type = port->protocol == 6 ? SOCK_STREAM : SOCK_DGRAM;
  return SYS3(socket, port->is_ipv6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

s64 forward_listen(const struct forward_port *port) {
  struct socket_name name;
  s32 on = 1;
  s64 fd = open_socket(port);
  if (is_error(fd)) return fd;
  // For TCP, connections that are closing do not count; for UDP it would let two share.
  if (port->protocol == 6) SYS5(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (port->is_ipv6) SYS5(setsockopt, fd, SOL_IPV6, IPV6_V6ONLY, &on, sizeof on);
  forward_name(&name, port->is_ipv6, port->host, port->host_port);
  s64 result = SYS3(bind, fd, name.bytes, name.length);
  if (!is_error(result) && port->protocol == 6) result = SYS2(listen, fd, BACKLOG);
  if (!is_error(result)) return fd;
  SYS1(close, fd);
  return result;
}

s64 forward_connect(const struct forward_port *port) {
  struct socket_name name;
  s64 fd = open_socket(port);
  if (is_error(fd)) return fd;
  forward_name(&name, port->is_ipv6, port->target, port->target_port);
  s64 result = SYS3(connect, fd, name.bytes, name.length);
  if (!is_error(result) || result == -EINPROGRESS) return fd;
  SYS1(close, fd);
  return result;
}

static s64 control(int op, s64 fd, enum forward_kind kind, u32 index, u32 events) {
  struct epoll_event event = {.events = events | EPOLLET, .data = (u64)kind << 32 | index};
  return SYS4(epoll_ctl, events_fd, op, fd, &event);
}

s64 forward_watch(s64 fd, enum forward_kind kind, u32 index, u32 events) {
  if (events_fd < 0) events_fd = SYS1(epoll_create1, EPOLL_CLOEXEC);
  return control(EPOLL_CTL_ADD, fd, kind, index, events);
}

s64 forward_watch_again(s64 fd, enum forward_kind kind, u32 index, u32 events) {
  return control(EPOLL_CTL_MOD, fd, kind, index, events);
}

s64 forward_wait(struct epoll_event *event, s64 wait_ms) {
  return SYS6(epoll_pwait, events_fd, event, 1, wait_ms, 0, 8);
}
