// The whole C side of the FFI: one entry that makes any system call and returns
// its result or -errno in one go. A caller in JavaScript must never read errno
// afterwards: the engine's own futex calls overwrite it in between.

#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

__attribute__((visibility("default"))) long mc_syscall(long nr, long a, long b, long c, long d, long e,
                                                       long f) {
  long result = syscall(nr, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}
