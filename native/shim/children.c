#include "children.h"
#include <asm/signal.h>
#include <linux/wait.h>
#include "clock.h"
#include "program.h"
#include "record.h"
#include "syscall.h"

// Beyond this many at a time a child's death goes untold.
#define MAX_CHILDREN 4096
#define SWEEP_MS 50

static struct child { u64 pid, id; } children[MAX_CHILDREN];
static u32 child_count;
// Signals of several children may have become one, which names one of them: the others are looked for once, a little later.
static u64 sweep_at;

s64 open_child_events(void) {
  u64 mask = 1ull << (SIGCHLD - 1);
  return SYS4(signalfd4, -1, &mask, 8, 0x80800 /* SFD_CLOEXEC | SFD_NONBLOCK */);
}

void add_child(u64 pid, u64 id) {
  if (child_count < MAX_CHILDREN) children[child_count++] = (struct child){pid, id};
}

// 0: unknown (ids begin at 1).
static u64 forget_child(u64 pid) {
  for (u32 i = 0; i < child_count; i++) {
    if (children[i].pid != pid) continue;
    u64 id = children[i].id;
    children[i] = children[--child_count];
    return id;
  }
  return 0;
}

// `which`: a pid, or -1 for any, for which the kernel walks all children.
static bool reap_child(s64 which, s64 stream) {
  s32 status = 0;
  s64 pid = SYS4(wait4, which, &status, WNOHANG, 0);
  if (pid <= 0) return false;
  u64 id = forget_child((u64)pid);
  s64 signal = status & 0x7f;
  if (signal == 0 || id == 0) return true;
  struct record record = {RECORD_DIED, 0, signal, 0, 0, id};
  send_record(stream, &record, RECORD_WAIT_MS);
  return true;
}

void reap_children(s64 events, s64 stream) {
  struct { u32 signal; s32 error, code; u32 pid; u8 rest[112]; } info; // struct signalfd_siginfo
  while (SYS3(read, events, &info, sizeof info) > 0) {
    reap_child(info.pid, stream);
    if (sweep_at == 0) sweep_at = monotonic_ms() + SWEEP_MS;
  }
}

s64 until_sweep_ms(void) {
  if (sweep_at == 0) return -1;
  u64 now = monotonic_ms();
  return now < sweep_at ? (s64)(sweep_at - now) : 0;
}

void sweep_children(s64 stream) {
  if (until_sweep_ms() != 0) return;
  sweep_at = 0;
  while (reap_child(-1, stream)) {}
}
