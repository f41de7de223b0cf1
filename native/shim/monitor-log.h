// The container's log file.
#pragma once
#include "interpret.h"

void open_log(struct machine *machine, const struct monitor *options);
// index 0: stdout, 1: stderr. Writes at once; a full disk drops lines, and never blocks or kills.
void log_output(u32 index, const u8 *bytes, u32 size);
// The end: a last line without its newline is written as a partial one.
void flush_log(void);
// Somebody renamed the file: open the name again.
void reopen_log(void);
