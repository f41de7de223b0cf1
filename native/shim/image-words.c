#include "image-words.h"
#include "string.h"

// `image` stands before any command of myimage; the others are its commands under docker's names. See
// runtime/cli/image-commands.ts, which shows them in help.
static const char *const image_commands[] = {"build", "history", "images", "import", "load",  "login", "logout",
                                             "pull",  "push",    "rmi",    "save",   "tag", "untag"};

static bool is_image_command(const char *word) {
  for (u32 i = 0; i < sizeof image_commands / sizeof *image_commands; i++)
    if (same(word, image_commands[i])) return true;
  return false;
}

// The first word that is no global flag; --root is taken along, the others say nothing to myimage.
static char **skip_global_flags(char **next, char ***words) {
  for (; *next && **next == '-'; next++) {
    bool has_value = same(*next, "--root") || same(*next, "--log-level") || same(*next, "-l");
    bool is_root = same(*next, "--root") || starts_with(*next, "--root=");
    if (same(*next, "--")) return next;
    if (is_root) *(*words)++ = *next;
    if (!has_value || !next[1]) continue;
    next++;
    if (is_root) *(*words)++ = *next;
  }
  return next;
}

bool find_image_command(char **argv, char **words) {
  static char name[] = "myimage";
  *words++ = name;
  *words++ = argv[1];
  char **next = skip_global_flags(argv + 2, &words);
  if (!*next) return false;
  if (same(*next, "image")) next++;
  else if (!is_image_command(*next)) return false;
  while (*next) *words++ = *next++;
  *words = 0;
  return true;
}
