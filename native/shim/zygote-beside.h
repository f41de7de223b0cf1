// A zygote for the command that this process is about to become.
#pragma once
#include "types.h"

#define ZYGOTE_VARIABLE_SIZE 32
// Starts a zygote when the command will want one, so that it gets ready while Node boots. Writes MYCONTAINER_ZYGOTE=N, N
// being the descriptor of the stream to it, to storage. Returns that descriptor, or -1: there is none, and Node starts its
// own when it needs one.
s64 start_zygote_beside(char **arguments, char *storage);
// A zygote for one program, which becomes its outer half itself: a child of this process, to be waited for. Its stream,
// or -1.
s64 start_zygote_once(s64 *child);
