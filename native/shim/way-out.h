// pasta(1) or slirp4netns(1): they copy packets between a network namespace and sockets of the host, for an ordinary user.
#pragma once
#include "types.h"

// The interface that it makes, with 10.0.2.100/24; 10.0.2.2 is the way, and 10.0.2.3 answers DNS. runtime/network/way-out.ts
// knows them too.
#define WAY_OUT_INTERFACE "tap0"

// Starts what the host has, for the namespace behind `network`; MYCONTAINER_WAY_OUT names one of them, or says `none`.
// Its words go to the file `way-out.log` of the run folder. A pidfd, or -errno.
s64 start_way_out(s64 network, s64 folder, char **envp);
// Comes back when its interface is there, it has ended, or too much time has gone by.
void await_way_out(s64 network, s64 pidfd);
