#include "attach-state.h"
#include <linux/un.h>
#include "clock.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

#define SOCKET_NAME "attach"
#define RETRY_MS 3

// sun_path is short: the name must be relative, so this process visits the folder.
static s64 try_connect(s64 state_dir) {
  struct sockaddr_un address = {.sun_family = 1 /* AF_UNIX */, .sun_path = SOCKET_NAME};
  s64 here = SYS4(openat, AT_FDCWD, ".", O_PATH | O_CLOEXEC, 0);
  s64 socket = SYS3(socket, 1, 1 | 0x80000, 0);
  if (is_error(socket)) return socket;
  s64 result = SYS1(fchdir, state_dir);
  if (!is_error(result)) result = SYS3(connect, socket, &address, sizeof(address.sun_family) + sizeof SOCKET_NAME);
  if (here >= 0) {
    SYS1(fchdir, here);
    SYS1(close, here);
  }
  if (!is_error(result)) return socket;
  SYS1(close, socket);
  return result;
}

s64 connect_monitor(s64 state_dir, u64 wait_ms) {
  u64 deadline = monotonic_ms() + wait_ms;
  for (;;) {
    s64 socket = try_connect(state_dir);
    if (socket != -ENOENT && socket != -ECONNREFUSED) return socket;
    if (!is_error(SYS3(faccessat, state_dir, "exit", 0))) return -ECANCELED;
    if (monotonic_ms() >= deadline) return socket;
    sleep_ms(RETRY_MS);
  }
}

static bool find_field(const char *json, const char *name, s32 *value) {
  for (; *json; json++) {
    if (!starts_with(json, name)) continue;
    json += strlen(name);
    u64 number;
    bool negative = *json == '-';
    json += negative;
    if (!parse_decimal(&json, &number)) return false;
    *value = negative ? -(s32)number : (s32)number;
    return true;
  }
  return false;
}

struct outcome read_outcome(s64 state_dir) {
  struct outcome outcome = {false, false, 0, 0, 0, 0};
  char bytes[512];
  s64 fd = SYS4(openat, state_dir, "exit", O_RDONLY | O_CLOEXEC, 0);
  if (is_error(fd)) return outcome;
  s64 length = read_whole(fd, bytes, sizeof bytes);
  SYS1(close, fd);
  if (is_error(length)) return outcome;
  outcome.failed = find_field(bytes, "\"pc\":", &outcome.pc);
  find_field(bytes, "\"errno\":", &outcome.error);
  find_field(bytes, "\"signal\":", &outcome.signal);
  outcome.known = outcome.failed || find_field(bytes, "\"exitCode\":", &outcome.code);
  return outcome;
}
