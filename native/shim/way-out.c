#include "way-out.h"
#include <asm/signal.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include "clock.h"
#include "execute.h"
#include "process.h"
#include "string.h"
#include "syscall.h"

#define READY_MS 5000
#define STEP_MS 5

// Without `foreground` and `exit-fd` they would outlive whoever starts them.
static void execute_pasta(const char *network, char **envp) {
  char *argv[] = {"pasta", "--foreground", "--quiet", "--config-net", "--ipv4-only", "--no-map-gw",
                  "--address", "10.0.2.100", "--netmask", "24", "--gateway", "10.0.2.2", "--dns-forward", "10.0.2.3",
                  "--mtu", "1500", "--ns-ifname", WAY_OUT_INTERFACE,
                  "--tcp-ports", "none", "--udp-ports", "none", "--tcp-ns", "none", "--udp-ns", "none",
                  "--netns-only", "--netns", (char *)network, 0};
  execute_along_path(argv, envp);
}

static void execute_slirp(const char *network, char **envp) {
  char *argv[] = {"slirp4netns", "--configure", "--mtu=1500", "--disable-host-loopback", "--netns-type=path",
                  (char *)network, WAY_OUT_INTERFACE, 0};
  execute_along_path(argv, envp);
}

static _Noreturn void become_way_out(s64 network, s64 folder, char **envp) {
  const char *wish = environment_value(envp, "MYCONTAINER_WAY_OUT");
  bool either = !wish || !*wish;
  SYS5(prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  s64 log = SYS4(openat, folder, "way-out.log", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (!is_error(log)) {
    SYS3(dup3, log, 1, 0);
    SYS3(dup3, log, 2, 0);
  }
  SYS3(fcntl, network, F_SETFD, 0);
  TEXT(path, 48);
  add(&path, "/proc/self/fd/");
  add_number(&path, network);
  if (either || same(wish, "slirp4netns")) execute_slirp(path.at, envp);
  if (either || same(wish, "pasta")) execute_pasta(path.at, envp);
  leave(127);
}

s64 start_way_out(s64 network, s64 folder, char **envp) {
  s32 pidfd = -1;
  s64 child = system_call(__NR_clone, CLONE_PIDFD | SIGCHLD, 0, (s64)&pidfd, 0, 0, 0);
  if (child == 0) become_way_out(network, folder, envp);
  return is_error(child) ? child : pidfd;
}

static bool has_address(s64 socket) {
  struct { char name[16]; u8 rest[24]; } request = {WAY_OUT_INTERFACE, {0}}; // struct ifreq, netdevice(7)
  return !is_error(SYS3(ioctl, socket, SIOCGIFADDR, &request));
}

static _Noreturn void look_for_interface(s64 network, s64 pidfd) {
  if (is_error(SYS2(setns, network, CLONE_NEWNET))) leave(1);
  s64 socket = SYS3(socket, 2 /* AF_INET */, 2 /* SOCK_DGRAM */ | O_CLOEXEC, 0);
  for (u64 end = monotonic_ms() + READY_MS; monotonic_ms() < end;)
    if (has_address(socket) || poll_one(pidfd, POLLIN, STEP_MS)) leave(0);
  leave(1);
}

void await_way_out(s64 network, s64 pidfd) {
  s32 looker = -1;
  // Whoever goes in does not come back.
  s64 child = system_call(__NR_clone, CLONE_PIDFD | SIGCHLD, 0, (s64)&looker, 0, 0, 0);
  if (child == 0) look_for_interface(network, pidfd);
  if (is_error(child)) return;
  poll_one(looker, POLLIN, READY_MS);
  SYS1(close, looker);
}
