// The `attach` mode; arguments start behind its name.
#pragma once
#include "types.h"

int attach_main(char **argv, char **envp);

enum attach_option {
  ATTACH_STDIN = 1,
  ATTACH_STDOUT = 2,
  ATTACH_STDERR = 4,
  ATTACH_TTY = 8,        // the container has a terminal: ours goes raw, its size is passed on
  ATTACH_SIG_PROXY = 16, // signals that this process gets go to the container
};

struct attachment {
  const char *state_dir;
  u32 options;
  const char *detach_keys; // "": none
  u64 wait_ms;             // for the socket to appear
  char **on_failure;       // 0: print the failure
  char **envp;
};
// Returns the exit code; the terminal is as it was.
int attach(const struct attachment *attachment);
