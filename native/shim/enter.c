// enter NAMESPACE PROGRAM ARGS…: joins the network namespace behind a file and becomes the program. What a node of a
// local cluster starts with: a namespace is entered before Node begins, never by Node itself.
#include "enter.h"
#include "execute.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

#define CLONE_NEWNET 0x40000000

int enter_main(char **argv, char **envp) {
  s64 namespace = SYS4(openat, AT_FDCWD, argv[0], O_RDONLY | O_CLOEXEC, 0);
  s64 error = is_error(namespace) ? namespace : SYS2(setns, namespace, CLONE_NEWNET);
  if (is_error(error)) {
    TEXT(number, 24);
    add_number(&number, -error);
    say("cannot join the network namespace ", argv[0], "");
    say("errno ", number.at, "");
    return 125;
  }
  error = execute_along_path(argv + 1, envp);
  TEXT(number, 24);
  add_number(&number, -error);
  say("cannot execute ", argv[1], "");
  say("errno ", number.at, "");
  return 127;
}
