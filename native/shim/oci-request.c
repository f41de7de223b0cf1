#include "oci-request.h"
#include "execute.h"
#include "process.h"
#include "syscall.h"

static const char *const valued[] = {"root", "log", "log-format", "rootless", "criu", "cgroup-manager", 0};
static const char *const plain[] = {"debug", "systemd-cgroup", 0};

static bool is_among(const char *name, const char *const *names) {
  for (; *names; names++)
    if (same(name, *names)) return true;
  return false;
}

// "root" of "--root" and "-root"; 0: no flag.
static const char *flag_name(const char *word) {
  if (word[0] != '-' || word[1] == 0) return 0;
  return word[1] == '-' ? word + 2 : word + 1;
}

// The initial user namespace maps all of its ids to themselves.
static bool is_real_root(void) {
  char map[128];
  u64 inside, outside, count;
  const char *at = map;
  if (SYS0(geteuid) != 0) return false;
  s64 fd = SYS4(openat, AT_FDCWD, "/proc/self/uid_map", O_RDONLY | O_CLOEXEC, 0);
  if (is_error(fd)) return true;
  s64 length = read_whole(fd, map, sizeof map);
  SYS1(close, fd);
  if (is_error(length)) return true;
  while (*at == ' ') at++;
  if (!parse_decimal(&at, &inside)) return true;
  while (*at == ' ') at++;
  if (!parse_decimal(&at, &outside)) return true;
  while (*at == ' ') at++;
  return parse_decimal(&at, &count) && inside == 0 && outside == 0 && count == 4294967295ul;
}

// runtime/oci/state-root.ts has the same rule.
static bool choose_root(struct oci_request *request, const char *given, char **envp) {
  struct text root = {request->root, sizeof request->root, 0, false};
  const char *session = environment_value(envp, "XDG_RUNTIME_DIR");
  if (given) add(&root, given);
  else if (session && *session && !is_real_root()) {
    add(&root, session);
    add(&root, "/mycontainer-oci");
  } else add(&root, "/run/mycontainer-oci");
  return !root.full && root.length > 0;
}

bool read_oci_request(char **arguments, char **envp, struct oci_request *request) {
  const char *given = 0, *name;
  request->verb = 0;
  for (; *arguments && (name = flag_name(*arguments)); arguments++) {
    if (starts_with(name, "root=")) given = name + 5;
    if (find_byte(name, '=', strlen(name)) < strlen(name)) continue;
    if (is_among(name, plain)) continue;
    if (!is_among(name, valued) || !arguments[1]) return false;
    arguments++;
    if (same(name, "root")) given = *arguments;
  }
  if (!*arguments || !choose_root(request, given, envp)) return false;
  request->verb = *arguments;
  request->rest = arguments + 1;
  return true;
}

const char *only_word(char **rest, const char *const *flags, bool *flagged) {
  const char *word = 0;
  *flagged = false;
  for (; *rest; rest++) {
    const char *name = flag_name(*rest);
    if (name && is_among(name, flags)) *flagged = true;
    else if (name || word) return 0;
    else word = *rest;
  }
  return word;
}

bool is_container_id(const char *id) {
  size_t length = strlen(id);
  if (length == 0 || length > 200 || id[0] == '.') return false;
  for (size_t i = 0; i < length; i++) {
    char c = id[i];
    bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!is_word && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

u32 parse_signal(const char *text) {
  static const char *const names[] = {
      "HUP",  "INT",  "QUIT", "ILL",  "TRAP", "ABRT", "BUS",  "FPE",    "KILL", "USR1", "SEGV",
      "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU",
      "URG",  "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR",  "SYS"};
  u64 number;
  if (parse_number(text, &number)) return number >= 1 && number <= 64 ? (u32)number : 0;
  if (starts_with(text, "SIG")) text += 3;
  for (u32 i = 0; i < sizeof names / sizeof *names; i++)
    if (same(text, names[i])) return i + 1;
  return 0;
}
