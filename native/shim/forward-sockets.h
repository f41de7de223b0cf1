// Sockets of the forwarder (forward.c), and what waits for them.
#pragma once
#include <linux/eventpoll.h>
#include "forward.h"

#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_CLOEXEC 02000000
#define SOCK_NONBLOCK 04000
#define MSG_PEEK 2
#define MSG_TRUNC 0x20
#define MSG_DONTWAIT 0x40
#define MSG_NOSIGNAL 0x4000

struct socket_name {
  u8 bytes[28]; // struct sockaddr_in or sockaddr_in6
  u32 length;
};

// What an event is of: data of epoll(7).
enum forward_kind { FORWARD_LISTENER = 1, FORWARD_STREAM, FORWARD_FLOW, FORWARD_CONNECTION, FORWARD_CONTAINER };

struct listener {
  s32 fd;
  struct forward_port port;
};

// How much a source may give before others have their turn.
#define FORWARD_TURNS 32
#define FORWARD_BYTES (64u << 10)
extern u8 forward_bytes[FORWARD_BYTES];

void forward_name(struct socket_name *name, bool is_ipv6, const u8 *address, u16 port);
// Bound, and listening. A descriptor, or -errno.
s64 forward_listen(const struct forward_port *port);
// On the way to the target, not waited for. A descriptor, or -errno.
s64 forward_connect(const struct forward_port *port);
// Events come once per change, so whoever stops before EAGAIN has to ask again.
s64 forward_watch(s64 fd, enum forward_kind kind, u32 index, u32 events);
s64 forward_watch_again(s64 fd, enum forward_kind kind, u32 index, u32 events);

// Everybody who waits at the listener comes in. `index` is that of the listener.
void accept_streams(const struct listener *listener, u32 index);
void serve_stream(u32 index, u32 events);
u32 stream_count(void);
// Whether somebody was left waiting for a want of descriptors or of room.
bool streams_were_refused(void);

void read_datagrams(const struct listener *listener, u32 index);
void serve_flow(u32 index, const struct listener *listeners);
// Ends flows that nobody uses any more. When to come again, in ms of the monotonic clock; ~0: there are none.
u64 expire_flows(u64 now);
