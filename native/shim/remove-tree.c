#include "remove-tree.h"
#include <linux/openat2.h>
#include <linux/stat.h>
#include "string.h"
#include "syscall.h"

#define MAX_DEPTH 1000

struct entry {
  u64 inode;
  s64 offset;
  u16 length;
  u8 type;
  char name[];
};

static s64 open_directory(s64 directory, const char *name) {
  struct open_how how = {O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
                         RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_BENEATH};
  return SYS4(openat2, directory, name, &how, sizeof how);
}

#define TYPE_DIRECTORY 4 // DT_DIR

static s64 remove_name(s64 directory, const char *name, u32 depth, u8 type);

// Empties one directory. Reading starts anew after each round: removing while reading may skip entries.
static s64 empty_directory(s64 directory, u32 depth) {
  _Alignas(8) u8 bytes[2048];
  s64 worst = 0, got;
  bool progress;
  do {
    progress = false;
    SYS3(lseek, directory, 0, 0);
    while ((got = SYS3(getdents64, directory, bytes, sizeof bytes)) > 0) {
      for (s64 at = 0; at < got; at += ((struct entry *)(bytes + at))->length) {
        const struct entry *entry = (struct entry *)(bytes + at);
        const char *name = entry->name;
        if (same(name, ".") || same(name, "..")) continue;
        s64 result = remove_name(directory, name, depth + 1, entry->type);
        if (is_error(result)) worst = result;
        else progress = true;
      }
    }
    if (is_error(got)) return got;
  } while (progress);
  return worst;
}

// The type is a hint that saves a call: what became something else meanwhile is refused by the calls themselves.
static s64 remove_name(s64 directory, const char *name, u32 depth, u8 type) {
  s64 result = type == TYPE_DIRECTORY ? -EISDIR : SYS3(unlinkat, directory, name, 0);
  // A directory gives EISDIR, or EPERM on some file systems.
  if (result != -EISDIR && result != -EPERM) return result;
  if (depth > MAX_DEPTH) return -ELOOP;
  s64 inner = open_directory(directory, name);
  if (inner == -ENOTDIR) return SYS3(unlinkat, directory, name, 0);
  if (is_error(inner)) return inner;
  s64 emptied = empty_directory(inner, depth);
  SYS1(close, inner);
  result = SYS3(unlinkat, directory, name, AT_REMOVEDIR);
  return is_error(result) && is_error(emptied) ? emptied : result;
}

s64 remove_tree(s64 directory, const char *name) {
  if (*name == 0 || same(name, ".") || same(name, "..") || find_byte(name, '/', strlen(name)) != strlen(name)) return -EINVAL;
  return remove_name(directory, name, 0, 0);
}
