// One TCP connection of the host and one to the container. What is read stays in the kernel's buffer of the sender until
// the receiver has taken it (MSG_PEEK), so that nothing has to be kept here, and a slow reader slows the writer down.
#include "forward-sockets.h"
#include "syscall.h"

#define MAX_STREAMS 8192
#define SOL_SOCKET 1
#define SO_ERROR 4
#define SO_LINGER 13
#define SOL_TCP 6
#define TCP_NODELAY 1
#define SHUT_WR 1
#define BOTH_WAYS (EPOLLIN | EPOLLOUT | EPOLLRDHUP)

enum { CLIENT, TARGET };

static struct stream {
  s32 fd[2];
  bool is_used, is_connected;
  bool done[2]; // the side has said its last, and the other was told
} streams[MAX_STREAMS];
static u32 used, first_free;
static bool refused;

u32 stream_count(void) { return used; }

bool streams_were_refused(void) {
  bool were = refused;
  refused = false;
  return were;
}

static void end_stream(struct stream *stream, bool in_order) {
  struct { s32 on, seconds; } at_once = {1, 0};
  for (u32 side = 0; side < 2; side++) {
    // Whoever was cut off must not take it for the end.
    if (!in_order) SYS5(setsockopt, stream->fd[side], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    SYS1(close, stream->fd[side]);
  }
  stream->is_used = false;
  used--;
  u32 index = (u32)(stream - streams);
  if (index < first_free) first_free = index;
}

static void cut_off(s64 client) {
  struct { s32 on, seconds; } at_once = {1, 0};
  SYS5(setsockopt, client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  SYS1(close, client);
}

static bool add_stream(s64 client, s64 target) {
  while (first_free < MAX_STREAMS && streams[first_free].is_used) first_free++;
  if (first_free == MAX_STREAMS) return false;
  u32 index = first_free;
  s32 on = 1;
  streams[index] = (struct stream){{(s32)client, (s32)target}, true, false, {false, false}};
  used++;
  for (u32 side = 0; side < 2; side++) {
    SYS5(setsockopt, streams[index].fd[side], SOL_TCP, TCP_NODELAY, &on, sizeof on);
    if (!is_error(forward_watch(streams[index].fd[side], FORWARD_STREAM, index * 2 + side, BOTH_WAYS))) continue;
    end_stream(&streams[index], false);
    break;
  }
  return true;
}

void accept_streams(const struct listener *listener, u32 index) {
  for (u32 turn = 0; turn < FORWARD_TURNS; turn++) {
    s64 client = SYS4(accept4, listener->fd, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client == -EAGAIN) return;
    if (client == -EINTR || client == -ECONNABORTED) continue;
    if (is_error(client)) { // no descriptors left: when one is free again, they are let in
      refused = true;
      return;
    }
    s64 target = forward_connect(&listener->port);
    if (is_error(target)) {
      cut_off(client);
      continue;
    }
    if (add_stream(client, target)) continue;
    SYS1(close, target);
    cut_off(client);
  }
  forward_watch_again(listener->fd, FORWARD_LISTENER, index, EPOLLIN);
}

static void discard(s64 fd, s64 size) {
  while (size > 0) {
    s64 gone = SYS6(recvfrom, fd, forward_bytes, size, MSG_TRUNC | MSG_DONTWAIT, 0, 0);
    if (gone <= 0) return;
    size -= gone;
  }
}

enum passed { WAITS, GOES_ON, BROKEN };

// What one side has said, to the other.
static enum passed pass_on(struct stream *stream, u32 side) {
  s64 from = stream->fd[side], to = stream->fd[!side];
  if (stream->done[side]) return WAITS;
  for (u32 turn = 0; turn < FORWARD_TURNS; turn++) {
    s64 size = SYS6(recvfrom, from, forward_bytes, FORWARD_BYTES, MSG_PEEK | MSG_DONTWAIT, 0, 0);
    if (size == -EAGAIN) return WAITS;
    if (size == -EINTR) continue;
    if (is_error(size)) return BROKEN;
    if (size == 0) {
      stream->done[side] = true;
      SYS2(shutdown, to, SHUT_WR);
      return WAITS;
    }
    s64 sent = SYS6(sendto, to, forward_bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
    if (sent == -EAGAIN) return WAITS;
    if (sent == -EINTR) continue;
    if (is_error(sent)) return BROKEN;
    discard(from, sent);
  }
  return GOES_ON;
}

// The target took the connection. False: it did not, or cannot be reached.
static bool has_connected(struct stream *stream) {
  s32 error = 0;
  u32 size = sizeof error;
  SYS5(getsockopt, stream->fd[TARGET], SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0;
}

void serve_stream(u32 number, u32 events) {
  u32 index = number / 2, side = number % 2;
  struct stream *stream = &streams[index];
  if (!stream->is_used) return;
  if (!stream->is_connected) {
    if (side == CLIENT || !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) return;
    if (!has_connected(stream)) return end_stream(stream, false);
    stream->is_connected = true;
  }
  // Both, before either is given up: who stops reading may have said something first.
  enum passed passed[2] = {pass_on(stream, CLIENT), pass_on(stream, TARGET)};
  if (passed[CLIENT] == BROKEN || passed[TARGET] == BROKEN) return end_stream(stream, false);
  if (stream->done[CLIENT] && stream->done[TARGET]) return end_stream(stream, true);
  for (u32 i = 0; i < 2; i++)
    if (passed[i] == GOES_ON) forward_watch_again(stream->fd[i], FORWARD_STREAM, index * 2 + i, BOTH_WAYS);
}
