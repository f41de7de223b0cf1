// The client's loop. Two connections: what the user types may wait behind a container that does not read, but
// signals and window sizes must not, so they take the second one.
#include <asm/signal.h>
#include <linux/poll.h>
#include "attach-state.h"
#include "attach.h"
#include "detach-keys.h"
#include "process.h"
#include "program.h"
#include "string.h"
#include "syscall.h"
#include "terminal.h"

#define SEND_FLAGS 0x4000 // MSG_NOSIGNAL
#define BROKEN_PIPE_CODE 141
#define ENOUGH_INTERRUPTS 3
#define CHUNK 4096u // a pipe that is ready takes this much without blocking

static struct {
  const struct attachment *how;
  s64 state_dir, data, control, signals;
  u8 head[64];
  u32 head_length;
  u32 payload_left;  // of an output frame
  s64 output_fd;     // where it goes
  u8 output[32768];
  u32 output_from, output_to;
  u8 input[sizeof(struct frame) + 2 * CHUNK];
  u32 input_from, input_to;
  bool input_ended;
  u32 interrupts; // passed on
} session;

static u64 signal_bit(u32 signal) { return 1ul << (signal - 1); }

static const u8 passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM};

static void open_signals(void) {
  u64 mask = signal_bit(SIGWINCH) | signal_bit(SIGTSTP) | signal_bit(SIGCONT) | signal_bit(SIGPIPE);
  for (u32 i = 0; i < sizeof passed_on; i++) mask |= signal_bit(passed_on[i]);
  SYS4(rt_sigprocmask, SIG_BLOCK, &mask, 0, 8);
  session.signals = SYS4(signalfd4, -1, &mask, 8, 0x80000);
}

static _Noreturn void finish(s32 code) {
  restore_terminal();
  leave(code);
}

static void send_control(u8 type, const void *payload, u32 size) {
  u8 bytes[16];
  struct frame frame = {type, {0}, size};
  memcpy(bytes, &frame, sizeof frame);
  memcpy(bytes + sizeof frame, payload, size);
  if (session.control >= 0) SYS6(sendto, session.control, bytes, sizeof frame + size, SEND_FLAGS | 0x40, 0, 0);
}

static void send_size(void) {
  u16 size[2];
  if (!(session.how->options & ATTACH_TTY)) return;
  if (window_size(0, size) || window_size(1, size)) send_control(FRAME_RESIZE, size, sizeof size);
}

static void enter_terminal(void) {
  if (session.how->options & ATTACH_TTY && session.how->options & ATTACH_STDIN) make_raw(0);
  send_size();
}

// Stop as the shell expects, with its terminal as it was; go on when told to.
static void stop_self(void) {
  restore_terminal();
  SYS2(kill, SYS0(getpid), SIGSTOP);
  enter_terminal();
}

static void die_of(u32 signal) {
  struct { u64 handler, flags, restorer, mask; } none = {0, 0, 0, 0};
  restore_terminal();
  SYS4(rt_sigaction, signal, &none, 0, 8);
  unblock_signals();
  SYS2(kill, SYS0(getpid), signal);
  leave((s32)(128 + signal));
}

// A program may take no notice, as PID 1 does by default. The third time the user means this client (docker's number).
static void pass_on(u32 signal) {
  send_control(FRAME_SIGNAL, &signal, sizeof signal);
  if (signal != SIGINT && signal != SIGTERM) return;
  if (++session.interrupts < ENOUGH_INTERRUPTS) return;
  restore_terminal();
  say("interrupted three times, and the program goes on; it is left alone", "", "");
  leave(1);
}

static void take_signal(void) {
  u32 info[32];
  if (SYS3(read, session.signals, info, sizeof info) != sizeof info) return;
  u32 signal = info[0];
  if (signal == SIGWINCH || signal == SIGCONT) send_size();
  else if (signal == SIGTSTP) stop_self();
  else if (signal == SIGPIPE) return;
  else if (session.how->options & ATTACH_SIG_PROXY) pass_on(signal);
  else die_of(signal);
}

static _Noreturn void fail_start(s32 pc, s32 error, s32 signal) {
  restore_terminal();
  unblock_signals();
  char **command = session.how->on_failure;
  if (command) SYS3(execve, command[0], command, session.how->envp);
  TEXT(text, 128);
  add(&text, "step ");
  add_number(&text, pc);
  add(&text, signal ? ", killed by signal " : ", errno ");
  add_number(&text, signal ? signal : error);
  say("the container could not be started: ", text.at, "");
  leave(125);
}

// The socket's end without a last word: the monitor was killed, or had ended before we came.
static _Noreturn void lose_monitor(void) {
  struct outcome outcome = read_outcome(session.state_dir);
  if (outcome.failed) fail_start(outcome.pc, outcome.error, outcome.signal);
  if (outcome.known) finish(outcome.code);
  restore_terminal();
  say("lost the connection to the container's monitor", "", "");
  leave(125);
}

static void take_frame(const struct frame *frame) {
  s32 value[4] = {0, 0, 0, 0};
  memcpy(value, session.head + sizeof *frame, frame->length < sizeof value ? frame->length : sizeof value);
  if (frame->type == FRAME_EXIT) finish(value[0]);
  if (frame->type == FRAME_FAILED) fail_start(value[0], value[1], value[2]);
}

static u32 receive(void *at, u32 size) {
  s64 got = SYS6(recvfrom, session.data, at, size, 0x40 /* MSG_DONTWAIT */, 0, 0);
  if (got == -EAGAIN || got == -EINTR) return 0;
  if (is_error(got) || got == 0) lose_monitor();
  return (u32)got;
}

static void read_monitor(void) {
  struct frame *frame = (struct frame *)session.head;
  if (session.payload_left) {
    u32 size = session.payload_left < sizeof session.output ? session.payload_left : (u32)sizeof session.output;
    session.output_from = 0;
    session.output_to = receive(session.output, size);
    session.payload_left -= session.output_to;
    return;
  }
  u32 want = sizeof *frame + (session.head_length < sizeof *frame ? 0 : frame->length);
  session.head_length += receive(session.head + session.head_length, want - session.head_length);
  if (session.head_length < sizeof *frame) return;
  if (frame->type == FRAME_STDOUT || frame->type == FRAME_STDERR) {
    session.output_fd = frame->type == FRAME_STDOUT ? 1 : 2;
    session.payload_left = frame->length;
  } else if (frame->length > sizeof session.head - sizeof *frame) lose_monitor();
  else if (session.head_length < sizeof *frame + frame->length) return;
  else take_frame(frame);
  session.head_length = 0;
}

static void write_output(void) {
  u32 size = session.output_to - session.output_from;
  s64 put = SYS3(write, session.output_fd, session.output + session.output_from, size < CHUNK ? size : CHUNK);
  if (put == -EAGAIN || put == -EINTR) return;
  if (put == -EPIPE || put == -EIO) finish(BROKEN_PIPE_CODE);
  // A closed or full descriptor loses its output, not the container.
  session.output_from += is_error(put) ? size : (u32)put;
}

static void detach(void) {
  restore_terminal();
  write_all(1, "\n", 1);
  leave(0);
}

static void queue_frame(u8 type, u32 size) {
  struct frame frame = {type, {0}, size};
  memcpy(session.input, &frame, sizeof frame);
  session.input_from = 0;
  session.input_to = (u32)sizeof frame + size;
}

static void read_input(void) {
  u8 bytes[CHUNK - 64];
  s64 got = SYS3(read, 0, bytes, sizeof bytes);
  if (got == -EAGAIN || got == -EINTR) return;
  if (got <= 0) {
    session.input_ended = true;
    queue_frame(FRAME_STDIN_EOF, 0);
    return;
  }
  u32 size = (u32)got;
  u8 *payload = session.input + sizeof(struct frame);
  if (session.how->options & ATTACH_TTY) {
    bool detached = false;
    size = filter_detach_keys(session.how->detach_keys, bytes, size, payload, &detached);
    if (detached) detach();
  } else memcpy(payload, bytes, size);
  if (size > 0) queue_frame(FRAME_STDIN, size);
}

static void send_input(void) {
  u32 size = session.input_to - session.input_from;
  s64 sent = SYS6(sendto, session.data, session.input + session.input_from, size, SEND_FLAGS | 0x40, 0, 0);
  if (!is_error(sent)) session.input_from += (u32)sent;
  else if (sent != -EAGAIN && sent != -EINTR) { // its last frames can still be read
    session.input_from = session.input_to = 0;
    session.input_ended = true;
  }
}

static void serve(void) {
  bool has_output = session.output_from < session.output_to, has_input = session.input_from < session.input_to;
  bool reads = session.how->options & ATTACH_STDIN && !session.input_ended && !has_input;
  struct pollfd set[4] = {
      {(s32)session.data, (short)((has_output ? 0 : POLLIN) | (has_input ? POLLOUT : 0)), 0},
      {(s32)session.signals, POLLIN, 0},
      {reads ? 0 : -1, POLLIN, 0},
      {has_output ? (s32)session.output_fd : -1, POLLOUT, 0},
  };
  if (has_output && !has_input) set[0].fd = -1; // a hang-up must wait for what it left behind
  if (is_error(SYS5(ppoll, set, 4, 0, 0, 8))) return;
  if (set[1].revents) take_signal();
  if (set[3].revents) write_output();
  if (set[2].revents) read_input();
  if (set[0].revents & (POLLOUT | POLLERR)) send_input();
  if (set[0].revents & (POLLIN | POLLHUP) && !has_output) read_monitor();
}

static s64 open_control(void) {
  struct { struct frame frame; u32 streams; } hello = {{FRAME_ATTACH, {0}, 4}, 0};
  s64 socket = connect_monitor(session.state_dir, 0);
  if (is_error(socket)) return -1;
  SYS6(sendto, socket, &hello, sizeof hello, SEND_FLAGS, 0, 0);
  return socket;
}

int attach(const struct attachment *how) {
  struct { struct frame frame; u32 streams; } hello = {{FRAME_ATTACH, {0}, 4}, how->options & 7};
  session.how = how;
  session.state_dir = SYS4(openat, AT_FDCWD, how->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (is_error(session.state_dir)) {
    say("no such container state folder: ", how->state_dir, "");
    return 125;
  }
  open_signals();
  session.data = connect_monitor(session.state_dir, how->wait_ms);
  if (is_error(session.data)) lose_monitor();
  session.control = open_control();
  enter_terminal();
  SYS6(sendto, session.data, &hello, sizeof hello, SEND_FLAGS, 0, 0);
  for (;;) serve();
}
