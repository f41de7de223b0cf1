#include "run-folder.h"
#include <linux/stat.h>
#include "execute.h"
#include "syscall.h"

bool run_folder(struct text *path, char **arguments, char **envp) {
  const char *root = environment_value(envp, "MYCONTAINER_ROOT");
  const char *runtime = environment_value(envp, "XDG_RUNTIME_DIR");
  s64 uid = SYS0(geteuid);
  // Inside our own user namespace the launcher has said who the user is on the host.
  const char *outside = environment_value(envp, "MYCONTAINER_ROOTLESS_UID");
  u64 user;
  if (outside && parse_number(outside, &user)) uid = (s64)user;
  if (arguments[0] && same(arguments[0], "--root") && arguments[1]) root = arguments[1];
  if (arguments[0] && starts_with(arguments[0], "--root=")) root = arguments[0] + 7;
  if (root && *root) {
    add(path, root);
    add(path, "/run");
  } else if (uid == 0) {
    add(path, "/run/mycontainer");
  } else if (runtime && *runtime == '/') {
    add(path, runtime);
    add(path, "/mycontainer");
  } else {
    add(path, "/tmp/mycontainer-run-");
    add_number(path, uid);
  }
  return !path->full;
}

bool is_ours(u32 uid) { return uid == 0 || uid == (u32)SYS0(geteuid); }

s64 open_run_folder(char **arguments, char **envp) {
  TEXT(path, 4096);
  struct statx info;
  if (!run_folder(&path, arguments, envp)) return -ENAMETOOLONG;
  s64 folder = SYS4(openat, AT_FDCWD, path.at, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
  if (is_error(folder)) return folder;
  s64 result = SYS5(statx, folder, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &info);
  if (!is_error(result) && is_ours(info.stx_uid) && !(info.stx_mode & 022)) return folder;
  SYS1(close, folder);
  return -EPERM;
}

bool is_our_file(s64 directory, const char *name, u32 type) {
  struct statx info;
  if (is_error(SYS5(statx, directory, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &info))) return false;
  return (info.stx_mode & S_IFMT) == type && is_ours(info.stx_uid);
}
