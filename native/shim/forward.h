// Published ports of an ordinary user's container: what the process outside (outside.c) becomes for each connection to its
// socket. It listens in the host's network namespace, goes into that of the user's containers, and passes on what comes.
// It ends with the container, whoever else is killed.
#pragma once
#include "types.h"

// Requests on the connection (SOCK_SEQPACKET); all integers little endian, as structures lie in memory.
enum forward_op {
  FORWARD_PROBE = 1, // could the ports be bound? nothing is kept
  FORWARD_BIND = 2,  // bind them, and listen
  FORWARD_START = 3, // the container is the process `value`: pass on from here on, until it has ended
  FORWARD_CLOSE = 4, // give the ports back now
};
struct forward_request { // 8 bytes
  u32 op;
  u32 value; // START: pid. PROBE, BIND: how many ports follow
};
struct forward_port { // 40 bytes
  u8 protocol; // 6: TCP, 17: UDP
  u8 is_ipv6;
  u16 host_port;
  u16 target_port;
  u16 reserved;
  u8 host[16]; // 4 bytes of IPv4, or 16
  u8 target[16];
};
#define FORWARD_PORTS 1024 /* in one request */
// The answer to each: 0, or -errno of the first port that cannot be had.
struct forward_answer {
  s32 error;
  u32 port;
};

_Noreturn void forward_main(s64 connection, s64 network);
