// attach STATE_DIR [OPTION…] [--on-failure ARGV…]
//   --stdin --stdout --stderr   streams to attach (none given: stdout and stderr)
//   --tty                       the container has a terminal
//   --sig-proxy                 pass INT, TERM, HUP, QUIT, USR1, USR2, ALRM, CONT and WINCH on to the container
//   --detach-keys BYTES         raw bytes, default ctrl-p ctrl-q; an empty string: none. Only with --tty --stdin
//   --wait-ms N                 how long to wait for the monitor's socket, default 5000
//   --on-failure ARGV…          the last option: execute this when the container's start failed (the `exit` file in
//                               STATE_DIR tells the step)
// Exit code: the container's; 0 after a detach; 125 when the monitor is lost or the start failed;
// 141 when nobody reads our output any more.
#include "attach.h"
#include "process.h"
#include "string.h"

static bool set_option(struct attachment *attachment, const char *name) {
  static const struct { const char *name; u32 bit; } flags[] = {
      {"--stdin", ATTACH_STDIN}, {"--stdout", ATTACH_STDOUT},       {"--stderr", ATTACH_STDERR},
      {"--tty", ATTACH_TTY},     {"--sig-proxy", ATTACH_SIG_PROXY},
  };
  for (u32 i = 0; i < sizeof flags / sizeof *flags; i++) {
    if (!same(name, flags[i].name)) continue;
    attachment->options |= flags[i].bit;
    return true;
  }
  return false;
}

int attach_main(char **argv, char **envp) {
  struct attachment attachment = {.state_dir = *argv++, .detach_keys = "\x10\x11", .wait_ms = 5000, .envp = envp};
  for (; *argv; argv++) {
    if (set_option(&attachment, *argv)) continue;
    if (same(*argv, "--on-failure") && argv[1]) {
      attachment.on_failure = argv + 1;
      break;
    }
    bool keys = same(*argv, "--detach-keys") && argv[1];
    if (keys) attachment.detach_keys = *++argv;
    else if (!(same(*argv, "--wait-ms") && argv[1] && parse_number(*++argv, &attachment.wait_ms))) {
      say("attach: wrong option ", *argv, "");
      return 125;
    }
  }
  if (!(attachment.options & 7)) attachment.options |= ATTACH_STDOUT | ATTACH_STDERR;
  return attach(&attachment);
}
