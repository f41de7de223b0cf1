// A process that enters a container's namespaces can be opened there as /proc/PID/exe and overwritten once it has
// ended: then the next container on the host runs the intruder's code. A sealed memfd cannot be written by anybody.
#include "seal.h"
#include <linux/memfd.h>
#include "process.h"
#include "syscall.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static s64 make_copy(s64 binary) {
  s64 copy = SYS2(memfd_create, "mycontainer-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  // MFD_EXEC came with 6.3.
  if (copy == -EINVAL) copy = SYS2(memfd_create, "mycontainer-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (is_error(copy)) return copy;
  for (;;) {
    s64 sent = SYS4(sendfile, copy, binary, 0, 1 << 20);
    if (is_error(sent)) return sent;
    if (sent == 0) break;
  }
  s64 sealed = SYS3(fcntl, copy, F_ADD_SEALS, SEALS);
  return is_error(sealed) ? sealed : copy;
}

void run_sealed(char **argv, char **envp) {
  s64 binary = SYS4(openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
  if (is_error(binary)) {
    say("cannot open /proc/self/exe (is /proc mounted?)", "", "");
    leave(125);
  }
  // Only a memfd has seals: no mark in the environment or the arguments is needed, nor could one be forged.
  s64 seals = SYS2(fcntl, binary, F_GET_SEALS);
  if (!is_error(seals) && (seals & SEALS) == SEALS) {
    SYS1(close, binary);
    return;
  }
  s64 copy = make_copy(binary);
  if (!is_error(copy)) copy = SYS5(execveat, copy, "", argv, envp, AT_EMPTY_PATH);
  say("cannot make a sealed copy of the shim (memfd_create, execveat); is vm.memfd_noexec set to 2?", "", "");
  leave(125);
}
