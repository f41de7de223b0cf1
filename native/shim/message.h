// What sendmsg(2) and recvmsg(2) take: the kernel's headers do not give it to programs.
#pragma once
#include <linux/uio.h>
#include "types.h"

struct message { // struct msghdr of the kernel
  void *name;
  u64 name_length;
  struct iovec *parts;
  u64 part_count;
  void *control;
  u64 control_length;
  u64 flags;
};
