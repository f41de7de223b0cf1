#include "zygote-beside.h"
#include "process.h"
#include "string.h"
#include "syscall.h"
#include "zygote.h"
#include <asm/signal.h>

// How far a command's name may be behind global flags and `container`.
#define PLACES 5

static bool wants_zygote(char **arguments) {
  static const char *const starters[] = {"run", "start", "exec", "restart"};
  for (u32 place = 0; place < PLACES && arguments[place]; place++)
    for (u32 i = 0; i < sizeof starters / sizeof *starters; i++)
      if (same(arguments[place], starters[i])) return true;
  return false;
}

_Noreturn static void become_zygote(s64 stream, char *mode) {
  char *arguments[] = {"mycontainer-shim", "zygote", mode, 0};
  static char *environment[] = {0};
  SYS0(setsid);
  // The zygote's stream is descriptor 3 by contract.
  if (stream != 3 && is_error(SYS3(dup3, stream, 3, 0))) leave(1);
  leave(zygote_main(arguments, environment));
}

s64 start_zygote_beside(char **arguments, char *storage) {
  s32 ends[2];
  if (!wants_zygote(arguments)) return -1;
  if (is_error(SYS4(socketpair, 1 /* AF_UNIX */, 1 /* SOCK_STREAM */, 0, ends))) return -1;
  // Twice, so that Node has no child that it knows nothing of.
  s64 between = SYS5(clone, SIGCHLD, 0, 0, 0, 0);
  if (between == 0) {
    SYS1(close, ends[0]);
    s64 zygote = SYS5(clone, SIGCHLD, 0, 0, 0, 0);
    if (zygote == 0) become_zygote(ends[1], 0);
    leave(is_error(zygote) ? 1 : 0);
  }
  SYS1(close, ends[1]);
  s32 status = 1;
  if (!is_error(between)) SYS4(wait4, between, &status, 0, 0);
  if (status != 0) {
    SYS1(close, ends[0]);
    return -1;
  }
  struct text variable = {storage, ZYGOTE_VARIABLE_SIZE, 0, false};
  add(&variable, "MYCONTAINER_ZYGOTE=");
  add_number(&variable, ends[0]);
  return ends[0];
}

s64 start_zygote_once(s64 *child) {
  s32 ends[2];
  if (is_error(SYS4(socketpair, 1 /* AF_UNIX */, 1 /* SOCK_STREAM */, 0, ends))) return -1;
  *child = SYS5(clone, SIGCHLD, 0, 0, 0, 0);
  if (*child == 0) {
    SYS1(close, ends[0]);
    become_zygote(ends[1], "--once");
  }
  SYS1(close, ends[1]);
  if (!is_error(*child)) return ends[0];
  SYS1(close, ends[0]);
  return -1;
}
