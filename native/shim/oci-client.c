// Short commands are done here (oci-verbs.c). For what makes a process, three work beside each other: Node compiles the
// program, a zygote for one program is there by then to become its outer half, and this process is what the caller
// waits for. Its descriptors are those of the caller: the program takes the container's streams from it. When it ends
// nothing is left but the container's first process, whose parent is then the next subreaper above: the engine's own.
#include "oci-client.h"
#include <asm/signal.h>
#include <linux/prctl.h>
#include "node-beside.h"
#include "oci-verbs.h"
#include "oci-wait.h"
#include "process.h"
#include "program.h"
#include "syscall.h"
#include "terminal.h"
#include "zygote-beside.h"

#define CONSOLE_VARIABLE_SIZE 64
#define PID_VARIABLE_SIZE 48

static struct oci_request request;
static s64 console = -1, zygote = -1;
static char **words, **environment;
static int (*become_node)(char **argv, char **envp);

static bool makes_process(const char *verb) {
  return same(verb, "create") || same(verb, "run") || same(verb, "exec") || same(verb, "restore");
}

static void await_child(s64 child) {
  s32 status;
  while (child > 0 && SYS4(wait4, child, &status, 0, 0) == -EINTR) continue;
}

static s32 run_node(char **arguments) {
  s32 status = 0;
  s64 child = SYS5(clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) {
    reset_signals();
    leave(become_node(arguments, environment));
  }
  while (!is_error(child) && SYS4(wait4, child, &status, 0, 0) == -EINTR) continue;
  return status >> 8 & 255;
}

static void delete_afterwards(char *id) {
  if (delete_oci_container(request.root, id, true)) return;
  char *arguments[] = {words[0], words[1], "--root", request.root, "delete", "--force", id, 0};
  run_node(arguments);
}

// Of Node, about the process that it has made: struct wait_wish, and the container to delete when it has ended, if any.
static s32 wait_as_told(u8 *payload, u32 length) {
  struct wait_wish wish;
  if (length < sizeof wish) return 125;
  memcpy(&wish, payload, sizeof wish);
  payload[length] = 0;
  await_child(zygote);
  s32 code = wait_for_child(&wish, console);
  char *id = (char *)payload + sizeof wish;
  if (*id) delete_afterwards(id);
  return code;
}

static void add_variable(const char *name, s64 number, char *storage, u32 capacity) {
  struct text text = {storage, capacity, 0, false};
  u64 count = 0;
  add(&text, name);
  add_number(&text, number);
  while (environment[count]) count++;
  environment[count] = storage;
  environment[count + 1] = 0;
}

// Behind it the size of our terminal, ":ROWS:COLUMNS": the program may ask for it before we have the other end of its own.
static void add_size(char *storage, u32 capacity) {
  struct text text = {storage, capacity, (u32)strlen(storage), false};
  u16 size[2];
  if (!window_size(0, size)) return;
  add(&text, ":");
  add_number(&text, size[0]);
  add(&text, ":");
  add_number(&text, size[1]);
}

int oci_client_main(char **argv, char **envp, int (*execute)(char **argv, char **envp)) {
  char zygote_variable[ZYGOTE_VARIABLE_SIZE], pid_variable[PID_VARIABLE_SIZE], console_variable[CONSOLE_VARIABLE_SIZE];
  s32 code, ends[2];
  u64 count = 0;
  bool is_known = read_oci_request(argv + 2, envp, &request);
  if (is_known && run_oci_verb(&request, &code)) return code;
  if (!is_known || !makes_process(request.verb)) return execute(argv, envp);
  while (envp[count]) count++;
  char *variables[count + 5];
  memcpy(variables, envp, (count + 1) * sizeof *envp);
  words = argv;
  environment = variables;
  become_node = execute;
  s64 stream = start_zygote_once(&zygote);
  if (stream < 0) return execute(argv, envp);
  add_variable("MYCONTAINER_ZYGOTE=", stream, zygote_variable, sizeof zygote_variable);
  add_variable("MYCONTAINER_ZYGOTE_PID=", zygote, pid_variable, sizeof pid_variable);
  // The child of a foreground command is orphaned to this process.
  if (!same(request.verb, "create")) SYS5(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  if (!same(request.verb, "create") && !is_error(SYS4(socketpair, 1 /* AF_UNIX */, 1 /* SOCK_STREAM */, 0, ends))) {
    console = ends[0];
    add_variable("MYCONTAINER_CONSOLE=", ends[1], console_variable, sizeof console_variable);
    add_size(console_variable, sizeof console_variable);
  }
  if (!run_node_beside(argv, variables, stream, execute, wait_as_told, &code)) return execute(argv, variables);
  await_child(zygote);
  return code;
}
