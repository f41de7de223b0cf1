#include <asm/ioctls.h>
#include <linux/poll.h>
#include "clock.h"
#include "message.h"
#include "monitor-log.h"
#include "monitor-socket.h"
#include "string.h"
#include "syscall.h"
#include "watch.h"

#define READ_SIZE (32u << 10)
#define LEAST_READ 512u // do not read crumbs while a client catches up
#define HUNG_RETRY_MS 200

u8 stdin_bytes[INPUT_CAPACITY];
static u8 read_bytes[READ_SIZE];

void open_stdio(void) {
  const struct monitor *options = watch.options;
  bool terminal = options->flags & MONITOR_TERMINAL;
  s64 master = slot_of(watch.machine, options->terminal_fd);
  watch.stdin_fd = terminal ? master : slot_of(watch.machine, options->stdin_fd);
  watch.output[0].fd = terminal ? master : slot_of(watch.machine, options->stdout_fd);
  watch.output[1].fd = terminal ? -1 : slot_of(watch.machine, options->stderr_fd);
  if (watch.stdin_fd >= 0) set_nonblocking(watch.stdin_fd);
  for (u32 i = 0; i < 2; i++)
    if (watch.output[i].fd >= 0) set_nonblocking(watch.output[i].fd);
  // Nobody can ever write: the container reads its end at once.
  if (!terminal && !(options->flags & (MONITOR_KEEP_STDIN | MONITOR_STDIN_ONCE | MONITOR_HOLD))) close_stdin();
}

// Writable means to the kernel that a quarter of the send buffer is taken at most: what others of the same launcher have to
// tell always finds room beside output that nobody reads.
void look_for_room(void) { watch.has_room = watch.tells && poll_one(watch.machine->report, POLLOUT, 0) & POLLOUT; }

static void tell_output(u32 index, const u8 *bytes, u32 size) {
  struct record record = {RECORD_OUTPUT, 0xffffffffu, index + 1, size, 0, watch.machine->header->id};
  struct iovec parts[2] = {{&record, sizeof record}, {(void *)bytes, size}};
  struct message message = {.parts = parts, .part_count = 2};
  for (;;) {
    s64 sent = SYS3(sendmsg, watch.machine->report, &message, 0x4040 /* MSG_NOSIGNAL | MSG_DONTWAIT */);
    if (!is_error(sent)) return;
    if (sent != -EAGAIN && sent != -EINTR && sent != -ENOBUFS) { // nobody listens any more
      watch.tells = false;
      return;
    }
    // Others were faster: wait as they do.
    poll_one(watch.machine->report, POLLOUT, 100);
    run_timers(monotonic_ms());
  }
}

static u32 readable_now(u32 index) {
  if (watch.tells) return watch.has_room ? OUTPUT_LIMIT : 0;
  u32 room = client_room(index == 0 ? STREAM_STDOUT : STREAM_STDERR);
  return room < LEAST_READ ? 0 : room < READ_SIZE ? room : READ_SIZE;
}

bool wants_output(const struct output *output, u32 index) {
  if (output->fd < 0 || watch.held || watch.phase == PHASE_ENDED) return false;
  if (output->retry_at > monotonic_ms()) return false;
  if (watch.phase == PHASE_DRAINING && output->drained) return false;
  return readable_now(index) > 0;
}

static void close_output(struct output *output) {
  // The terminal's master is also stdin, and is kept for a child that may open it again.
  if (!(watch.options->flags & MONITOR_TERMINAL)) SYS1(close, output->fd);
  output->fd = -1;
}

void read_output(struct output *output, u32 index) {
  u32 size = readable_now(index);
  if (size == 0 || output->fd < 0) return;
  s64 got = SYS3(read, output->fd, read_bytes, size);
  if (got == -EINTR) return;
  output->retry_at = 0;
  if (got == -EAGAIN) {
    output->drained = watch.phase == PHASE_DRAINING;
  } else if (got > 0) {
    log_output(index, read_bytes, (u32)got);
    if (watch.tells) tell_output(index, read_bytes, (u32)got);
    send_output(index == 0 ? FRAME_STDOUT : FRAME_STDERR, read_bytes, (u32)got);
  } else if (got == -EIO && watch.phase == PHASE_RUNNING) {
    output->retry_at = monotonic_ms() + HUNG_RETRY_MS; // no slave is open now; the child may open one again
  } else close_output(output);
}

// Reads on after the child's death, without waiting, as far as the clients allow.
bool is_drained(void) {
  for (u32 i = 0; i < 2; i++) {
    struct output *output = &watch.output[i];
    output->retry_at = 0;
    u64 until = monotonic_ms() + 50; // a writer that never stops must not keep us from the clients
    for (look_for_room(); wants_output(output, i) && monotonic_ms() < until; look_for_room()) read_output(output, i);
    if (output->fd < 0 || output->drained) continue;
    // Held back by a client: as long as that one moves, wait.
    if (readable_now(i) == 0) watch.drain_until = watch.flush_until;
    return false;
  }
  return true;
}

u32 stdin_room(void) {
  if (watch.stdin_fd < 0 || watch.stdin_closing) return INPUT_CAPACITY; // taken, and thrown away
  return INPUT_CAPACITY - (watch.stdin_to - watch.stdin_from);
}

u32 queue_stdin(const u8 *bytes, u32 size) {
  if (watch.stdin_fd < 0 || watch.stdin_closing) return size;
  if (watch.stdin_from > 0) {
    memmove(stdin_bytes, stdin_bytes + watch.stdin_from, watch.stdin_to - watch.stdin_from);
    watch.stdin_to -= watch.stdin_from;
    watch.stdin_from = 0;
  }
  u32 taken = size < INPUT_CAPACITY - watch.stdin_to ? size : INPUT_CAPACITY - watch.stdin_to;
  memcpy(stdin_bytes + watch.stdin_to, bytes, taken);
  watch.stdin_to += taken;
  write_stdin();
  return taken;
}

static void drop_stdin(void) {
  watch.stdin_from = watch.stdin_to = 0;
  if (watch.stdin_fd >= 0 && !(watch.options->flags & MONITOR_TERMINAL)) SYS1(close, watch.stdin_fd);
  if (!(watch.options->flags & MONITOR_TERMINAL)) watch.stdin_fd = -1;
}

void write_stdin(void) {
  while (watch.stdin_fd >= 0 && watch.stdin_from < watch.stdin_to) {
    s64 put = SYS3(write, watch.stdin_fd, stdin_bytes + watch.stdin_from, watch.stdin_to - watch.stdin_from);
    if (put == -EINTR) continue;
    if (put == -EAGAIN) return;
    if (is_error(put)) { // nobody reads any more
      drop_stdin();
      return;
    }
    watch.stdin_from += (u32)put;
  }
  watch.stdin_from = watch.stdin_to = 0;
  if (watch.stdin_closing && !(watch.options->flags & MONITOR_TERMINAL)) drop_stdin();
}

// Its reader is gone. What cannot be written now never will be: kept, it would wake the monitor for ever.
void stdin_hung_up(void) {
  write_stdin();
  if (watch.stdin_fd >= 0) drop_stdin();
}

// A terminal has no end to close: a reader in line mode gets its end-of-file character instead.
static void end_terminal_input(void) {
  struct { u32 input, output, control, local; u8 line, chars[19]; } settings;
  if (is_error(SYS3(ioctl, watch.stdin_fd, TCGETS, &settings))) return;
  if (settings.local & 2 /* ICANON */) queue_stdin(&settings.chars[4] /* VEOF */, 1);
}

void close_stdin(void) {
  if (watch.stdin_fd < 0) return;
  if (watch.options->flags & MONITOR_TERMINAL) {
    end_terminal_input();
    return;
  }
  watch.stdin_closing = true;
  write_stdin();
}
