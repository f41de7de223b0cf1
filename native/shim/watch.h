// The monitor's state, shared by the monitor-*.c files. One per process.
#pragma once
#include "interpret.h"
#include "process.h"

#define INPUT_CAPACITY (64u << 10)
#define DRAIN_MS 1000
#define FLUSH_MS 30000

enum phase {
  PHASE_RUNNING,  // from the clone on
  PHASE_DRAINING, // the child is dead; its last output is being read
  PHASE_ENDED,    // all is recorded; clients get their last frames
};

struct output {
  s64 fd;         // -1: absent or at its end
  bool drained;   // would have blocked after the child's death
  u64 retry_at;   // terminal without an open slave: look again then (monotonic ms); 0: now
};

struct watch {
  struct machine *machine;
  const struct monitor *options;
  u64 child;
  s64 pidfd, sync, state_dir, oom_fd;
  s64 stdin_fd;
  struct output output[2]; // stdout (or the terminal), stderr
  bool stdin_closing;      // close stdin once what is queued was written
  u32 stdin_from, stdin_to; // what is queued in stdin_bytes
  enum phase phase;
  bool held;          // MONITOR_HOLD, and no client yet
  bool tells;         // MONITOR_TELL, and the launcher still listens
  bool has_room;      // for telling more; looked at once for all that depends on it
  u64 hold_until;     // monotonic ms; 0: no limit yet
  bool report_closed; // the launcher's end is gone
  bool pre_exec, executed;
  bool failed; // the start failed
  bool told;   // somebody heard of it
  struct record failure;
  struct ending ending;
  u64 started_at, finished_at; // real time, ns
  u64 started_ms;
  char started_text[64];
  u64 oom_base, oom_kills;
  u64 drain_until, flush_until; // monotonic ms
  u64 kill_at, tick_at;         // monotonic ms; 0: never
  u64 tell_at;                  // MONITOR_TELL: when to say that it runs, if it still does; 0: said, or not yet known
  s64 tick_pidfd;
};

extern struct watch watch;
extern u8 stdin_bytes[INPUT_CAPACITY];

// monitor-files.c: the state folder.
void write_process_file(void);
void write_exit_file(void);
// A line of the event log that begins with the text at this offset of the data; 0: none.
void append_event(u32 start);
void append_event_now(u32 start);
// The exit file of a start that failed.
void record_failure(s64 state_dir, u32 type, u32 pc, s64 value);
void read_started_at(void); // MONITOR_ADOPTED: from the earlier process file
bool has_state_file(const char *name);

// monitor-holdings.c: what the container holds, where that has changed while it ran.
void take_down_holdings(void); // before the cleanup section, which may remove the state folder
void unlink_holdings(void);    // after it

// monitor-sync.c: the inner half's record pipe, and the child's end.
void read_sync(void);
void tell_executed(void);
void child_ended(void);

// monitor-stdio.c: the container's standard streams.
void open_stdio(void);
void read_output(struct output *output, u32 index);
bool wants_output(const struct output *output, u32 index);
void write_stdin(void);
void stdin_hung_up(void); // its reader is gone
void look_for_room(void); // MONITOR_TELL
void close_stdin(void);
// Takes what fits; the count taken.
u32 queue_stdin(const u8 *bytes, u32 size);
u32 stdin_room(void);
bool is_drained(void);

// monitor-timers.c: OOM, time limit, tick command, exit command.
void open_timers(void);
void check_oom(void);
void run_timers(u64 now);
void reap_tick(void);
u64 next_timer(void); // monotonic ms; ~0: none
_Noreturn void run_exit_command(void);
