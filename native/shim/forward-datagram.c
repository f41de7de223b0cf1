// UDP: every sender has a socket of its own towards the container, by which answers find their way back.
#include "clock.h"
#include "forward-sockets.h"
#include "string.h"
#include "syscall.h"

#define MAX_FLOWS 1024
#define IDLE_MS 90000

static struct flow {
  s32 fd;
  bool is_used;
  u32 listener;
  u64 last;
  struct socket_name sender;
} flows[MAX_FLOWS];
static u32 highest; // one above the last flow in use
static u64 next_check = ~0ul;

static void end_flow(struct flow *flow) {
  SYS1(close, flow->fd);
  flow->is_used = false;
  while (highest > 0 && !flows[highest - 1].is_used) highest--;
}

// The flow of a sender; else a free one, or the one that was silent for the longest time.
static struct flow *find_flow(const struct socket_name *sender, u32 listener) {
  struct flow *free = 0, *oldest = &flows[0];
  for (u32 i = 0; i < highest; i++) {
    struct flow *flow = &flows[i];
    if (!flow->is_used) {
      if (!free) free = flow;
      continue;
    }
    bool is_it = flow->listener == listener && flow->sender.length == sender->length &&
                 memcmp(flow->sender.bytes, sender->bytes, sender->length) == 0;
    if (is_it) return flow;
    if (flow->last < oldest->last || !oldest->is_used) oldest = flow;
  }
  if (!free && highest < MAX_FLOWS) free = &flows[highest];
  if (free) return free;
  end_flow(oldest);
  return oldest;
}

static bool open_flow(struct flow *flow, const struct listener *listener, u32 index, const struct socket_name *sender) {
  s64 fd = forward_connect(&listener->port);
  if (is_error(fd)) return false;
  u32 number = (u32)(flow - flows);
  if (is_error(forward_watch(fd, FORWARD_FLOW, number, EPOLLIN))) {
    SYS1(close, fd);
    return false;
  }
  *flow = (struct flow){(s32)fd, true, index, 0, *sender};
  if (number >= highest) highest = number + 1;
  return true;
}

void read_datagrams(const struct listener *listener, u32 index) {
  for (u32 turn = 0; turn < FORWARD_TURNS; turn++) {
    struct socket_name sender = {.length = sizeof sender.bytes};
    s64 size = SYS6(recvfrom, listener->fd, forward_bytes, FORWARD_BYTES, MSG_DONTWAIT, sender.bytes, &sender.length);
    if (size == -EAGAIN) return;
    if (is_error(size)) continue; // the echo of an answer that a sender did not take
    struct flow *flow = find_flow(&sender, index);
    if (!flow->is_used && !open_flow(flow, listener, index, &sender)) continue;
    flow->last = monotonic_ms();
    if (next_check == ~0ul) next_check = flow->last + IDLE_MS;
    SYS6(sendto, flow->fd, forward_bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
  }
  forward_watch_again(listener->fd, FORWARD_LISTENER, index, EPOLLIN);
}

void serve_flow(u32 index, const struct listener *listeners) {
  struct flow *flow = &flows[index];
  if (!flow->is_used) return;
  for (u32 turn = 0; turn < FORWARD_TURNS; turn++) {
    s64 size = SYS6(recvfrom, flow->fd, forward_bytes, FORWARD_BYTES, MSG_DONTWAIT, 0, 0);
    if (size == -EAGAIN) return;
    if (is_error(size)) continue; // nobody listens there: as the sender is not told by UDP itself, neither by us
    flow->last = monotonic_ms();
    s64 listener = listeners[flow->listener].fd;
    SYS6(sendto, listener, forward_bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, flow->sender.bytes, flow->sender.length);
  }
  forward_watch_again(flow->fd, FORWARD_FLOW, index, EPOLLIN);
}

u64 expire_flows(u64 now) {
  if (now < next_check) return next_check;
  next_check = ~0ul;
  for (u32 i = highest; i-- > 0;) {
    if (!flows[i].is_used) continue;
    u64 end = flows[i].last + IDLE_MS;
    if (end <= now) end_flow(&flows[i]);
    else if (end < next_check) next_check = end;
  }
  return next_check;
}
