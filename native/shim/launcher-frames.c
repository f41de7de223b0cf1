#include "launcher-frames.h"
#include <asm/signal.h>
#include "attach.h"
#include "string.h"
#include "syscall.h"

static bool receive_all(s64 socket, void *at, size_t size) {
  for (size_t done = 0; done < size;) {
    s64 got = SYS6(recvfrom, socket, (u8 *)at + done, size - done, 0, 0, 0);
    if (got == -EINTR) continue;
    if (is_error(got) || got == 0) return false;
    done += (size_t)got;
  }
  return true;
}

bool receive_frame(s64 socket, struct frame *frame, u8 payload[LARGEST_FRAME]) {
  return receive_all(socket, frame, sizeof *frame) && frame->length <= LARGEST_FRAME &&
         receive_all(socket, payload, frame->length);
}

s32 attach_as_told(u8 *payload, u32 length, char **envp) {
  u32 options = 0;
  payload[length] = 0;
  if (length < 5) return 125;
  memcpy(&options, payload, 4);
  char *folder = (char *)payload + 4;
  u32 keys = 4 + (u32)strlen(folder) + 1;
  struct attachment attachment = {
      folder, options, keys < length ? (char *)payload + keys : "\x10\x11", 5000, 0, envp};
  return attach(&attachment);
}

s64 open_signals(void) {
  static const u8 signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH};
  u64 mask = 0;
  for (u32 i = 0; i < sizeof signals; i++) mask |= 1ul << (signals[i] - 1);
  SYS4(rt_sigprocmask, SIG_BLOCK, &mask, 0, 8);
  return SYS4(signalfd4, -1, &mask, 8, 0x80000);
}
