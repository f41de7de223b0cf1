// The modes of the one binary; argv[1] names one.
#include <linux/prctl.h>
#include "attach.h"
#include "client.h"
#include "enter.h"
#include "init.h"
#include "interpret.h"
#include "oci-notify.h"
#include "process.h"
#include "program-buffer.h"
#include "seal.h"
#include "string.h"
#include "syscall.h"
#include "zygote.h"

int shim_main(int argc, char **argv, char **envp);

static struct machine machine;

static bool read_file(const char *path) {
  s64 fd = same(path, "-") ? 0 : SYS4(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (is_error(fd)) {
    say("cannot open the program ", path, "");
    return false;
  }
  s64 got = read_program(fd);
  if (fd > 0) SYS1(close, fd);
  if (got != 1) say("not a program: ", path, "");
  return got == 1;
}

static bool check_program(const char *path) {
  if (!read_file(path)) return false;
  struct verdict verdict = validate(program_buffer, ((struct header *)program_buffer)->total_size);
  if (verdict.reason == 0) return true;
  TEXT(text, 100);
  add(&text, invalid_reason_name(verdict.reason));
  if (verdict.pc != 0xffffffffu) {
    add(&text, " at instruction ");
    add_number(&text, verdict.pc);
  }
  say("invalid program: ", text.at, "");
  return false;
}

// Interprets one program in this process. Records go to descriptor 3 when it is open, failures to stderr else.
static int run_main(const char *path, char **argv, char **envp) {
  run_sealed(argv, envp);
  SYS5(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (!check_program(path)) return 125;
  s64 open = SYS2(fcntl, 3, F_GETFD);
  if (!is_error(open)) SYS3(fcntl, 3, F_SETFD, FD_CLOEXEC);
  reset_signals();
  block_signals();
  load(&machine, (struct header *)program_buffer, is_error(open) ? -1 : 3);
  interpret(&machine);
}

int shim_main(int argc, char **argv, char **envp) {
  const char *mode = argc > 1 ? argv[1] : "";
  if (same(mode, "zygote")) return zygote_main(argv, envp);
  if (same(mode, "run") && argc == 3) return run_main(argv[2], argv, envp);
  if (same(mode, "check") && argc == 3) return check_program(argv[2]) ? 0 : 1;
  if (same(mode, "init")) return init_main(argv + 2, envp);
  if (same(mode, "attach") && argc >= 3) return attach_main(argv + 2, envp);
  if (same(mode, "enter") && argc >= 4) return enter_main(argv + 2, envp);
  if (same(mode, "oci-notify")) return oci_notify_main(argv + 2);
  if (same(mode, "client") && argc >= 4) return client_main(argv + 2, envp);
  say("usage: mycontainer-shim run FILE | check FILE | zygote | init [-s] -- ARGV… | attach STATE_DIR OPTIONS… | "
      "client NAME ROOT ARGS… | enter NAMESPACE PROGRAM ARGS… | oci-notify ROOT ID SOCKET", "", "");
  return 125;
}
