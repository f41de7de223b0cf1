// What the launcher hears from the resident engine, or from the Node that it started: frames of program.h.
#pragma once
#include "program.h"
#include "types.h"

#define LARGEST_FRAME (64u << 10)

// A frame and what follows it. False: the other side has gone, or speaks something else.
bool receive_frame(s64 socket, struct frame *frame, u8 payload[LARGEST_FRAME]);
// Does what ATTACH_TO asks for. `payload` has room for one byte more than `length`. Returns the exit code.
s32 attach_as_told(u8 *payload, u32 length, char **envp);
// Blocks the signals that users end commands by, and SIGWINCH, and opens a descriptor that reads them instead.
s64 open_signals(void);
