#include "execute.h"
#include "string.h"
#include "syscall.h"

const char *environment_value(char **envp, const char *name) {
  size_t length = strlen(name);
  for (; *envp; envp++)
    if (starts_with(*envp, name) && (*envp)[length] == '=') return *envp + length + 1;
  return 0;
}

long execute_along_path(char **argv, char **envp) {
  const char *path = environment_value(envp, "PATH");
  s64 worst = -ENOENT;
  if (find_byte(argv[0], '/', strlen(argv[0])) < strlen(argv[0])) return SYS3(execve, argv[0], argv, envp);
  if (!path) path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (;;) {
    TEXT(file, 4096);
    size_t length = find_byte(path, ':', strlen(path));
    if (length > 0) {
      add_bytes(&file, path, length);
      add(&file, "/");
    }
    add(&file, argv[0]);
    s64 result = file.full ? -ENAMETOOLONG : SYS3(execve, file.at, argv, envp);
    if (result == -EACCES || (result != -ENOENT && result != -ENOTDIR && worst == -ENOENT)) worst = result;
    path += length;
    if (*path++ == 0) return worst;
  }
}
