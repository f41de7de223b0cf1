// What runtime/oci leaves in the folder of a container, as the launcher reads it:
//   state.json  the answer to `state` without pid and status: an object with a member a line
//   process     {"pid":N,"startTicks":N,…}, written by oci-leave.c; absent while it is being created
//   start       a FIFO at which the init waits; absent once it was started
//   launch      "mycontainer-oci 1 FLAGS\n", the v2 group or "-", then the groups to remove, leaf first, one a line
#pragma once
#include "types.h"

enum launch_flag {
  LAUNCH_NODE_STARTS = 1,  // hooks, or sd_notify: there is more to `start` than to open the gate
  LAUNCH_NODE_DELETES = 2, // poststop hooks
  LAUNCH_NODE_LOOKS = 4,   // frozen or not is not told by the v2 group
};

struct oci_container {
  s64 root, folder;  // descriptors
  u64 pid;           // 0: there is none, or it has ended
  s64 pidfd;
  u32 flags;
  const char *group; // v2; 0: none
  char *groups;      // lines
  char launch[8192];
};
enum found { FOUND, NOT_THERE, UNCLEAR };
// UNCLEAR: leave it to Node, which says what is wrong.
enum found open_oci_container(const char *root, const char *id, struct oci_container *container);
bool waits_to_start(const struct oci_container *container);
bool is_frozen(const struct oci_container *container);
