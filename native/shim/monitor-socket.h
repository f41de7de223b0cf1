// The attach socket and its clients.
#pragma once
#include <linux/poll.h>
#include "program.h"

#define CLIENT_LIMIT 16
enum stream { STREAM_STDIN = 1, STREAM_STDOUT = 2, STREAM_STDERR = 4 };

void open_socket(void);
// Fills 1 + CLIENT_LIMIT entries at most; how many. serve_clients takes the same entries.
u32 poll_clients(struct pollfd *set);
void serve_clients(const struct pollfd *set);
// Bytes of output that every client of the stream can still take.
u32 client_room(u32 stream);
void send_output(u8 type, const u8 *bytes, u32 size);
// EXIT or FAILED to everybody, also to those who knock now; then the socket's name goes.
void send_last_frames(void);
bool are_flushed(void);
// MONITOR_HOLD is over: by a client, or by time.
void end_hold(void);
