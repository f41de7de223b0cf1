#include "forward.h"
#include <linux/capability.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include "clock.h"
#include "forward-sockets.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

#define MAX_LISTENERS 4096
#define RLIMIT_NOFILE 7
// Answers of a container that has ended may be on their way still.
#define LAST_WORDS_MS 1000

s64 forward_wait(struct epoll_event *event, s64 wait_ms);

static struct listener listeners[MAX_LISTENERS];
static u32 listener_count;
static u64 ends_at = ~0ul;

static struct {
  struct forward_request head;
  struct forward_port ports[FORWARD_PORTS];
} request;

static void give_ports_back(void) {
  while (listener_count > 0) SYS1(close, listeners[--listener_count].fd);
}

static struct forward_answer take_ports(u32 count, bool keep) {
  for (u32 i = 0; i < count; i++) {
    if (listener_count == MAX_LISTENERS) return (struct forward_answer){-EMFILE, i};
    s64 fd = forward_listen(&request.ports[i]);
    if (is_error(fd)) return (struct forward_answer){(s32)fd, i};
    if (keep) listeners[listener_count++] = (struct listener){(s32)fd, request.ports[i]};
    else SYS1(close, fd);
  }
  return (struct forward_answer){0, 0};
}

static void answer(s64 connection, struct forward_answer what) {
  SYS6(sendto, connection, &what, sizeof what, MSG_NOSIGNAL, 0, 0);
}

// The container's pid once all is said; whoever asked may go before.
static u32 settle_ports(s64 connection) {
  for (;;) {
    s64 size = SYS6(recvfrom, connection, &request, sizeof request, 0, 0, 0);
    if (size == -EINTR) continue;
    u32 op = request.head.op, count = request.head.value;
    if (size < (s64)sizeof request.head) leave(0);
    if (op == FORWARD_START) return count;
    bool is_whole = count <= FORWARD_PORTS && (u64)size == sizeof request.head + count * sizeof *request.ports;
    if ((op != FORWARD_PROBE && op != FORWARD_BIND) || !is_whole) leave(1);
    answer(connection, take_ports(count, op == FORWARD_BIND));
  }
}

static void lift_limits(void) {
  struct { u64 soft, hard; } limit;
  if (is_error(SYS4(prlimit64, 0, RLIMIT_NOFILE, 0, &limit))) return;
  limit.soft = limit.hard;
  SYS4(prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
}

static void give_rights_up(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
  SYS2(capset, &header, none);
}

static void serve_listener(u32 index) {
  if (index >= listener_count) return;
  if (listeners[index].port.protocol == 6) accept_streams(&listeners[index], index);
  else read_datagrams(&listeners[index], index);
}

// CLOSE, or the end of the monitor: then the container may live on, and so does its way in.
static void serve_connection(s64 connection) {
  struct forward_request head;
  s64 size = SYS6(recvfrom, connection, &head, sizeof head, MSG_DONTWAIT, 0, 0);
  if (size == -EAGAIN) return;
  if (size != sizeof head) {
    SYS1(close, connection);
    return;
  }
  give_ports_back();
  answer(connection, (struct forward_answer){0, 0});
}

static void container_ended(void) {
  give_ports_back();
  ends_at = monotonic_ms() + LAST_WORDS_MS;
}

static void serve(const struct epoll_event *event, s64 connection) {
  u32 index = (u32)event->data;
  switch ((enum forward_kind)(event->data >> 32)) {
    case FORWARD_LISTENER: return serve_listener(index);
    case FORWARD_STREAM: return serve_stream(index, event->events);
    case FORWARD_FLOW: return serve_flow(index, listeners);
    case FORWARD_CONNECTION: return serve_connection(connection);
    case FORWARD_CONTAINER: return container_ended();
  }
}

_Noreturn void forward_main(s64 connection, s64 network) {
  lift_limits();
  s64 container = SYS2(pidfd_open, settle_ports(connection), 0);
  if (is_error(container) || is_error(SYS2(setns, network, CLONE_NEWNET))) leave(1);
  SYS1(close, network);
  give_rights_up();
  forward_watch(container, FORWARD_CONTAINER, 0, EPOLLIN);
  forward_watch(connection, FORWARD_CONNECTION, 0, EPOLLIN | EPOLLRDHUP);
  for (u32 i = 0; i < listener_count; i++) forward_watch(listeners[i].fd, FORWARD_LISTENER, i, EPOLLIN);
  for (;;) {
    struct epoll_event event;
    u64 now = monotonic_ms(), next = expire_flows(now);
    if (ends_at != ~0ul && (now >= ends_at || stream_count() == 0)) leave(0);
    if (ends_at < next) next = ends_at;
    s64 wait = next == ~0ul ? -1 : next <= now ? 0 : (s64)(next - now);
    u32 before = stream_count();
    // One at a time: what it is of cannot have been closed meanwhile.
    if (forward_wait(&event, wait) == 1) serve(&event, connection);
    if (stream_count() >= before || !streams_were_refused()) continue;
    for (u32 i = 0; i < listener_count; i++) serve_listener(i);
  }
}
