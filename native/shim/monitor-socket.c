#include "monitor-socket.h"
#include <linux/un.h>
#include <asm/signal.h>
#include <asm/ioctls.h>
#include "clock.h"
#include "monitor-log.h"
#include "string.h"
#include "syscall.h"
#include "watch.h"

#define SOCKET_NAME "attach"
#define SOCK_STREAM_FLAGS (1 | 0x80000 | 0x800) // SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK
#define SEND_FLAGS 0x4040                       // MSG_NOSIGNAL | MSG_DONTWAIT
#define QUEUE_CAPACITY (64u << 10)
#define RESERVE 128u // for HELLO and the last frame
#define SMALL_PAYLOAD 64u

struct client {
  s64 fd; // -1: free
  bool attached, last_sent;
  u32 streams;
  u32 from, to;         // of queue
  u8 head[sizeof(struct frame) + SMALL_PAYLOAD];
  u32 head_length;      // bytes of the frame read so far (STDIN: of its header)
  u32 stdin_left;       // payload bytes of a STDIN frame still to come
};

static s64 listener = -1;
static struct client clients[CLIENT_LIMIT];
static u8 queues[CLIENT_LIMIT][QUEUE_CAPACITY];
static u32 stdin_clients;

void open_socket(void) {
  for (u32 i = 0; i < CLIENT_LIMIT; i++) clients[i].fd = -1;
  if (watch.state_dir < 0) return;
  struct sockaddr_un address = {.sun_family = 1 /* AF_UNIX */, .sun_path = SOCKET_NAME};
  listener = SYS3(socket, 1, SOCK_STREAM_FLAGS, 0);
  // sun_path is short: the name is relative to the folder.
  SYS1(fchdir, watch.state_dir);
  SYS3(unlinkat, AT_FDCWD, SOCKET_NAME, 0);
  s64 mask = SYS1(umask, 0177);
  s64 bound = SYS3(bind, listener, &address, sizeof(address.sun_family) + sizeof SOCKET_NAME);
  SYS1(umask, mask);
  SYS1(chdir, "/");
  if (!is_error(bound) && !is_error(SYS2(listen, listener, 64))) return;
  SYS1(close, listener);
  listener = -1;
}

void end_hold(void) {
  watch.held = false;
  if (watch.flush_until) watch.flush_until = monotonic_ms() + FLUSH_MS; // the client only comes now
  if (!(watch.options->flags & (MONITOR_KEEP_STDIN | MONITOR_STDIN_ONCE | MONITOR_TERMINAL)) && stdin_clients == 0)
    close_stdin();
}

static void drop_client(struct client *client) {
  if (client->attached && client->streams & STREAM_STDIN) {
    stdin_clients--;
    u32 flags = watch.options->flags;
    // Leaving a terminal is no end of input: who detaches wants to come back.
    bool ends = flags & MONITOR_STDIN_ONCE || (!(flags & MONITOR_KEEP_STDIN) && stdin_clients == 0);
    if (ends && !(flags & MONITOR_TERMINAL)) close_stdin();
  }
  SYS1(close, client->fd);
  u8 *queue = queues[client - clients];
  if (client->to) SYS3(madvise, queue, QUEUE_CAPACITY, 4 /* MADV_DONTNEED */);
  memset(client, 0, sizeof *client);
  client->fd = -1;
}

static u32 queued(const struct client *client) { return client->to - client->from; }

static void flush_client(struct client *client) {
  u8 *queue = queues[client - clients];
  while (client->fd >= 0 && client->from < client->to) {
    s64 sent = SYS6(sendto, client->fd, queue + client->from, queued(client), SEND_FLAGS, 0, 0);
    if (sent == -EAGAIN || sent == -EINTR) return;
    if (is_error(sent)) {
      drop_client(client);
      return;
    }
    client->from += (u32)sent;
    watch.flush_until = monotonic_ms() + FLUSH_MS; // progress
  }
  client->from = client->to = 0;
}

static void queue_bytes(struct client *client, const void *bytes, u32 size) {
  u8 *queue = queues[client - clients];
  if (client->to + size > QUEUE_CAPACITY) {
    memmove(queue, queue + client->from, queued(client));
    client->to -= client->from;
    client->from = 0;
  }
  if (client->to + size > QUEUE_CAPACITY) return; // cannot be: the room was asked for
  memcpy(queue + client->to, bytes, size);
  client->to += size;
}

static void send_frame(struct client *client, u8 type, const void *payload, u32 size) {
  struct frame frame = {type, {0}, size};
  queue_bytes(client, &frame, sizeof frame);
  queue_bytes(client, payload, size);
  flush_client(client);
}

u32 client_room(u32 stream) {
  u32 room = QUEUE_CAPACITY - RESERVE;
  for (u32 i = 0; i < CLIENT_LIMIT; i++) {
    const struct client *client = &clients[i];
    if (client->fd < 0 || !(client->streams & stream)) continue;
    u32 own = QUEUE_CAPACITY - RESERVE - queued(client);
    if (own < room) room = own;
  }
  return room < sizeof(struct frame) ? 0 : room - (u32)sizeof(struct frame);
}

void send_output(u8 type, const u8 *bytes, u32 size) {
  u32 stream = type == FRAME_STDOUT ? STREAM_STDOUT : STREAM_STDERR;
  for (u32 i = 0; i < CLIENT_LIMIT; i++)
    if (clients[i].fd >= 0 && clients[i].streams & stream) send_frame(&clients[i], type, bytes, size);
}

static void send_hello(struct client *client) {
  u32 hello[2] = {watch.options->flags, (u32)watch.child};
  send_frame(client, FRAME_HELLO, hello, sizeof hello);
}

static void send_last(struct client *client) {
  bool died = watch.failure.type == RECORD_DIED;
  u32 signal = watch.ending.signal;
  s32 failed[3] = {(s32)watch.failure.pc, died ? 0 : (s32)watch.failure.value, died ? (s32)watch.failure.value : 0};
  s32 ended[4] = {(s32)(signal ? 128 + signal : watch.ending.code), (s32)signal, (s32)watch.oom_kills, 0};
  if (client->last_sent) return;
  client->last_sent = true;
  if (watch.failed) {
    watch.told = true;
    send_frame(client, FRAME_FAILED, failed, sizeof failed);
  } else send_frame(client, FRAME_EXIT, ended, sizeof ended);
}

static void attach_client(struct client *client, u32 streams) {
  if (client->attached) return;
  client->attached = true;
  client->streams = streams & 7;
  if (streams & STREAM_STDIN) stdin_clients++;
  if (client->streams && watch.held) end_hold();
  send_hello(client);
  if (client->fd >= 0 && watch.phase == PHASE_ENDED) send_last(client);
}

static void end_stdin(const struct client *client) {
  u32 flags = watch.options->flags;
  if (!(client->streams & STREAM_STDIN)) return;
  if (flags & MONITOR_STDIN_ONCE || !(flags & MONITOR_KEEP_STDIN)) close_stdin();
}

static void resize(const u8 *payload) {
  u16 size[4] = {0, 0, 0, 0};
  memcpy(size, payload, 4);
  if (watch.options->flags & MONITOR_TERMINAL && watch.stdin_fd >= 0) SYS3(ioctl, watch.stdin_fd, TIOCSWINSZ, size);
}

// A whole small frame is in client->head. False: the client does not keep to the protocol.
static bool handle_frame(struct client *client, const struct frame *frame) {
  const u8 *payload = client->head + sizeof *frame;
  u32 value = 0;
  if (frame->length >= 4) memcpy(&value, payload, 4);
  if (!client->attached && frame->type != FRAME_ATTACH) return false;
  switch (frame->type) {
    case FRAME_ATTACH: attach_client(client, value); return frame->length == 4;
    case FRAME_STDIN_EOF: end_stdin(client); return frame->length == 0;
    case FRAME_RESIZE: resize(payload); return frame->length == 4;
    case FRAME_SIGNAL:
      if (watch.phase == PHASE_RUNNING && value >= 1 && value <= 64) kill_pidfd(watch.pidfd, value);
      return frame->length == 4;
    case FRAME_LOG_REOPEN: reopen_log(); return frame->length == 0;
    default: return false;
  }
}

static s64 receive(struct client *client, void *at, u32 size) {
  s64 got = SYS6(recvfrom, client->fd, at, size, 0x40 /* MSG_DONTWAIT */, 0, 0);
  if (got == -EAGAIN || got == -EINTR) return 0;
  if (got > 0) return got;
  drop_client(client); // gone, or broken
  return 0;
}

// False: nothing more to read now.
static bool read_stdin_payload(struct client *client) {
  u8 bytes[4096];
  u32 room = stdin_room(), size = client->stdin_left < sizeof bytes ? client->stdin_left : (u32)sizeof bytes;
  if (size > room) size = room;
  if (size == 0) return false;
  s64 got = receive(client, bytes, size);
  if (got == 0) return false;
  client->stdin_left -= (u32)got;
  if (client->streams & STREAM_STDIN) queue_stdin(bytes, (u32)got);
  return true;
}

static bool read_frame(struct client *client) {
  struct frame *frame = (struct frame *)client->head;
  u32 want = sizeof *frame;
  if (client->stdin_left) return read_stdin_payload(client);
  if (client->head_length >= sizeof *frame) want += frame->length;
  s64 got = receive(client, client->head + client->head_length, want - client->head_length);
  if (got == 0) return false;
  client->head_length += (u32)got;
  if (client->head_length < sizeof *frame) return true;
  bool is_stdin = frame->type == FRAME_STDIN && client->attached;
  if (frame->length > (is_stdin ? 64u << 10 : SMALL_PAYLOAD)) {
    drop_client(client);
    return false;
  }
  if (is_stdin) client->stdin_left = frame->length;
  else if (client->head_length < sizeof *frame + frame->length) return true;
  else if (!handle_frame(client, frame)) drop_client(client);
  client->head_length = 0;
  return client->fd >= 0;
}

static bool accept_client(void) {
  s64 fd = SYS4(accept4, listener, 0, 0, 0x80000 | 0x800);
  if (is_error(fd)) return false;
  for (u32 i = 0; i < CLIENT_LIMIT; i++) {
    if (clients[i].fd >= 0) continue;
    clients[i].fd = fd;
    return true;
  }
  SYS1(close, fd); // too many
  return true;
}

u32 poll_clients(struct pollfd *set) {
  set[0] = (struct pollfd){(s32)listener, POLLIN, 0};
  for (u32 i = 0; i < CLIENT_LIMIT; i++) {
    struct client *client = &clients[i];
    u32 events = 0;
    if (!(client->stdin_left && stdin_room() == 0)) events |= POLLIN;
    if (queued(client) > 0) events |= POLLOUT;
    set[1 + i] = (struct pollfd){(s32)client->fd, (short)events, 0};
  }
  return 1 + CLIENT_LIMIT;
}

void serve_clients(const struct pollfd *set) {
  for (u32 i = 0; i < CLIENT_LIMIT; i++) {
    struct client *client = &clients[i];
    if (client->fd < 0 || client->fd != set[1 + i].fd || !set[1 + i].revents) continue;
    if (set[1 + i].revents & POLLOUT) flush_client(client);
    // Bounded: one client must not starve the others.
    for (u32 frames = 0; frames < 16 && client->fd >= 0 && read_frame(client); frames++) continue;
    // Nothing readable, but hung up: it is waiting for stdin's room and will never see it used.
    if (client->fd >= 0 && set[1 + i].revents & (POLLHUP | POLLERR) && !(set[1 + i].revents & POLLIN)) drop_client(client);
  }
  if (set[0].revents) accept_client();
}

void send_last_frames(void) {
  if (listener >= 0) {
    SYS3(unlinkat, watch.state_dir, SOCKET_NAME, 0);
    while (accept_client()) continue;
    SYS1(close, listener);
    listener = -1;
  }
  for (u32 i = 0; i < CLIENT_LIMIT; i++) {
    struct client *client = &clients[i];
    if (client->fd < 0) continue;
    if (!client->attached) attach_client(client, 0);
    else send_last(client);
  }
}

bool are_flushed(void) {
  for (u32 i = 0; i < CLIENT_LIMIT; i++)
    if (clients[i].fd >= 0 && queued(&clients[i]) > 0) return false;
  return true;
}
