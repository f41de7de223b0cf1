#include "children.h"
#include <asm/signal.h>
#include <linux/wait.h>
#include "program.h"
#include "record.h"
#include "syscall.h"

// Beyond this many at a time a child's death goes untold.
#define MAX_CHILDREN 4096

static struct child { u64 pid, id; } children[MAX_CHILDREN];
static u32 child_count;

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

void reap_children(s64 events, s64 stream) {
  u8 info[128]; // struct signalfd_siginfo; signals of several children may have become one
  while (SYS3(read, events, info, sizeof info) > 0) {}
  for (;;) {
    s32 status = 0;
    s64 pid = SYS4(wait4, -1, &status, WNOHANG, 0);
    if (pid <= 0) return;
    u64 id = forget_child((u64)pid);
    s64 signal = status & 0x7f;
    if (signal == 0 || id == 0) continue;
    struct record record = {RECORD_DIED, 0, signal, 0, 0, id};
    send_record(stream, &record, RECORD_WAIT_MS);
  }
}
