// The engine's socket is `engine.sock` in the run folder. Both sides check the other's credentials: the server must
// be our user or root. Frames as in program.h; REQUEST alone may be longer than 64 KiB (at most 4 MiB):
//
//   u32 argc (NAME included), u32 envc, u32 tty mask (1 stdin, 2 stdout, 4 stderr),
//   u16 rows, u16 columns (0, 0: no terminal),
//   cwd\0, ROOT\0 (folder of our package), argv strings each with \0 (the first is NAME: mycontainer), env strings
//   each with \0
//
// ATTACH_TO: u32 options (enum attach_option in attach.h), state folder\0, and optionally detach keys\0 (absent: the
// default, empty: none). DECLINE is only valid before any OUT or ERR. After WANT_INPUT stdin comes as INPUT frames
// (at most 4 KiB each) and one INPUT_EOF. Signals INT, TERM, HUP, QUIT, WINCH come as CLIENT_SIGNAL.
#include "engine-client.h"
#include <asm/signal.h>
#include <linux/poll.h>
#include <linux/stat.h>
#include <linux/un.h>
#include "launcher-frames.h"
#include "process.h"
#include "program.h"
#include "run-folder.h"
#include "string.h"
#include "syscall.h"
#include "terminal.h"

#define SOCKET_NAME "engine.sock"
#define REQUEST_CAPACITY (4u << 20)
#define NO_SIGNAL 0x4000 // MSG_NOSIGNAL

static u8 request[REQUEST_CAPACITY];
static u8 payload[LARGEST_FRAME + 1]; // and a NUL

static s64 connect_engine(char **arguments, char **envp) {
  struct sockaddr_un address = {.sun_family = 1 /* AF_UNIX */};
  struct text path = {address.sun_path, sizeof address.sun_path, 0, false};
  struct { s32 pid; u32 uid, gid; } peer = {0, ~0u, 0};
  u32 size = sizeof peer;
  s64 folder = open_run_folder(arguments, envp);
  if (is_error(folder)) return folder;
  s64 socket = -EPERM;
  // The folder is ours alone, so what was looked at is what is connected to.
  if (is_our_file(folder, SOCKET_NAME, S_IFSOCK)) socket = SYS3(socket, 1, 1 | 0x80000, 0);
  if (!is_error(socket)) {
    add(&path, "/proc/self/fd/"); // sun_path is short
    add_number(&path, folder);
    add(&path, "/" SOCKET_NAME);
    s64 result = SYS3(connect, socket, &address, sizeof address);
    if (!is_error(result)) result = SYS5(getsockopt, socket, 1, 17 /* SO_PEERCRED */, &peer, &size);
    if (is_error(result) || !is_ours(peer.uid)) {
      SYS1(close, socket);
      socket = -ECONNREFUSED;
    }
  }
  SYS1(close, folder);
  return socket;
}

static bool send_all(s64 socket, const void *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    s64 sent = SYS6(sendto, socket, (const u8 *)bytes + done, size - done, NO_SIGNAL, 0, 0);
    if (sent == -EINTR) continue;
    if (is_error(sent)) return false;
    done += (size_t)sent;
  }
  return true;
}

static bool send_frame(s64 socket, u8 type, const void *bytes, u32 size) {
  struct frame frame = {type, {0}, size};
  return send_all(socket, &frame, sizeof frame) && send_all(socket, bytes, size);
}

static u32 add_strings(struct text *text, char **strings) {
  u32 count = 0;
  for (; strings[count]; count++) add_bytes(text, strings[count], strlen(strings[count]) + 1);
  return count;
}

static bool send_request(s64 socket, char **argv, char **envp) {
  const char *name = argv[0], *root = argv[1];
  struct { u32 argc, envc, terminals; u16 size[2]; } head = {0, 0, 0, {0, 0}};
  struct text text = {(char *)request, REQUEST_CAPACITY, 0, false};
  char cwd[4096];
  if (is_error(SYS2(getcwd, cwd, sizeof cwd)) || cwd[0] != '/') return false;
  for (s64 fd = 0; fd < 3; fd++) head.terminals |= (u32)is_terminal_fd(fd) << fd;
  for (s64 fd = 0; fd < 3 && !window_size(fd, head.size); fd++) continue;
  add_bytes(&text, &head, sizeof head);
  add_bytes(&text, cwd, strlen(cwd) + 1);
  add_bytes(&text, root, strlen(root) + 1);
  add_bytes(&text, name, strlen(name) + 1);
  head.argc = 1 + add_strings(&text, argv + 2);
  head.envc = add_strings(&text, envp);
  memcpy(request, &head, sizeof head);
  return !text.full && send_frame(socket, FRAME_REQUEST, request, text.length);
}

// As it was before the engine was asked: what follows (Node, attach) starts with a clean mask.
static void close_all(s64 socket, s64 signals) {
  u64 none = 0;
  SYS1(close, socket);
  SYS1(close, signals);
  SYS4(rt_sigprocmask, SIG_SETMASK, &none, 0, 8);
}

static bool forward_input(s64 socket) {
  u8 bytes[4096];
  s64 got = SYS3(read, 0, bytes, sizeof bytes);
  if (got == -EAGAIN || got == -EINTR) return true;
  send_frame(socket, got > 0 ? FRAME_INPUT : FRAME_INPUT_EOF, bytes, got > 0 ? (u32)got : 0);
  return got > 0;
}

static void forward_signal(s64 socket, s64 signals) {
  u32 info[32];
  if (SYS3(read, signals, info, sizeof info) == sizeof info) send_frame(socket, FRAME_CLIENT_SIGNAL, info, 4);
}

enum answer { ANSWER_MORE, ANSWER_DONE, ANSWER_DECLINED, ANSWER_LOST, ANSWER_ATTACH };

static enum answer take_frame(s64 socket, struct frame *frame, bool *wants_input, s32 *code) {
  if (!receive_frame(socket, frame, payload)) return ANSWER_LOST;
  s64 written = 0;
  switch (frame->type) {
    case FRAME_OUT: written = write_all(1, payload, frame->length); break;
    case FRAME_ERR: written = write_all(2, payload, frame->length); break;
    case FRAME_DONE: memcpy(code, payload, 4); return ANSWER_DONE;
    case FRAME_ATTACH_TO: return ANSWER_ATTACH;
    case FRAME_DECLINE: return ANSWER_DECLINED;
    case FRAME_WANT_INPUT: *wants_input = true; break;
    default: break;
  }
  if (written != -EPIPE) return ANSWER_MORE;
  *code = 141; // nobody reads any more
  return ANSWER_DONE;
}

bool ask_engine(char **argv, char **envp, s32 *code) {
  s64 socket = connect_engine(argv + 2, envp), signals;
  struct frame frame;
  bool wants_input = false;
  enum answer answer = ANSWER_MORE;
  if (is_error(socket)) return false;
  signals = open_signals();
  if (!send_request(socket, argv, envp)) answer = ANSWER_DECLINED;
  while (answer == ANSWER_MORE) {
    struct pollfd set[3] = {
        {(s32)socket, POLLIN, 0}, {(s32)signals, POLLIN, 0}, {wants_input ? 0 : -1, POLLIN, 0}};
    if (is_error(SYS5(ppoll, set, 3, 0, 0, 8))) continue;
    if (set[1].revents) forward_signal(socket, signals);
    if (set[2].revents) wants_input = forward_input(socket);
    if (set[0].revents) answer = take_frame(socket, &frame, &wants_input, code);
  }
  close_all(socket, signals);
  if (answer == ANSWER_DECLINED) return false;
  if (answer == ANSWER_ATTACH) *code = attach_as_told(payload, frame.length, envp);
  if (answer == ANSWER_LOST) {
    say("lost the connection to the engine", "", "");
    *code = 125;
  }
  return true;
}
