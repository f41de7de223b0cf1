// The contract between the compiler (runtime/program, TypeScript) and the shim (this folder).
//
// A program is a flat, ordered list of 64-byte instructions with a data segment: "make system call
// N with these operands, keep the result in slot K, tolerate these errnos". The shim knows no
// container concept. All integers are little endian. Layout of one program in memory, on a stream
// and in a file:
//
//   struct header | struct instruction[instruction_count] | u32 relocation[relocation_count]
//                 | data[data_size] | why[why_size]
//
// Offsets are from the start of the program. The data segment starts at a multiple of 16 and is
// writable scratch at run time. A relocation is the data offset of a u64 that holds a data offset;
// loading adds the segment's address (argv, iovec, clone_args, sock_fprog, …). Relocations are multiples of 8, ascending
// (so they cannot overlap), and what they point to lies inside the data segment (size included).
// The why section holds one NUL-terminated sentence per instruction, in order (may be absent).
//
// Who runs what. A program is interpreted by the OUTER half (a child of the zygote that has called
// setsid). It clones the INNER half (slot copies go along) with SYS clone3 and JUMP_NONZERO. The
// inner half ends in a successful execve; the outer half ends in MONITOR or END. The instructions
// from cleanup_start on are the CLEANUP section: run by the outer half, once, at the end of the
// container or after a failed start, errors ignored. Slots start as -1, so that a cleanup step on
// a descriptor that never came to be gets EBADF.
#pragma once
#include "types.h"

#define PROGRAM_MAGIC 0x3150434du /* "MCP1" */
#define PROGRAM_VERSION 1
#define PROGRAM_MAX_SIZE (4u << 20)
#define SLOT_COUNT 128
#define NO_SLOT 0xff
#define NONE 0xffffffffu /* an absent data offset */

enum architecture { ARCH_X86_64 = 1, ARCH_AARCH64 = 2 };

enum header_flag {
  HEADER_TRACE = 1, // send a TRACE record after each instruction (--timings)
};

struct header { // 64 bytes
  u32 magic;
  u16 version;
  u16 architecture;
  u32 total_size; // of the whole program, this header included
  u32 flags;
  u64 id; // echoed in every record
  u32 instruction_count;
  u32 cleanup_start; // index of the first cleanup instruction; == instruction_count: none
  u32 relocation_offset;
  u32 relocation_count;
  u32 data_offset;
  u32 data_size;
  u32 why_offset;
  u32 why_size;
  u32 keep;     // a zygote that finds the program valid keeps it under this number, 1 to KEPT_LIMIT; 0: it need not
  u32 reserved; // 0
};

// Instead of a program a zygote takes one that it has kept, with some of its data replaced:
//
//   struct fill | (struct patch | bytes[size])[patch_count]
//
// A program that is kept again under a number takes the place of the one before.
#define FILL_MAGIC 0x3146434du /* "MCF1" */
#define FILL_MAX_SIZE 0x40000u
#define KEPT_LIMIT 16u

struct fill { // 64 bytes, and read as a header is
  u32 magic;
  u32 kept;       // number of the program
  u32 total_size; // of all of it, this structure included
  u32 patch_count;
  u64 id; // of the program that comes of it
  u32 reserved[10]; // 0
};

struct patch {
  u32 at;   // offset in the program, of its data section
  u32 size; // bytes that follow; the next patch comes right behind them
};

enum operand_kind { // four bits each in instruction.kinds, argument 0 lowest
  OPERAND_IMMEDIATE = 0,
  OPERAND_SLOT = 1,      // value of slot arg
  OPERAND_DATA = 2,      // address of data + arg
  OPERAND_SLOT_ADDRESS = 3, // address of slot arg (out parameters); validator: slot index in range
  OPERAND_SLOT_LOW = 4,  // low i32 of slot arg, sign extended (pipe2, socketpair: first descriptor)
  OPERAND_SLOT_HIGH = 5, // high i32 of slot arg, sign extended (second descriptor)
};

enum instruction_flag { // bits 24-31 of instruction.kinds
  FLAG_IGNORE_ANY = 1 << 24,  // every errno is tolerated
  FLAG_JUMP_IF_IGNORED = 1 << 25, // a tolerated error jumps to `jump`
  FLAG_JUMP_IF_OK = 1 << 26,  // success jumps to `jump`
};

// The shim itself does two things around SYS: a call that returns EINTR and does not tolerate it is made again;
// after a clone, clone3 that returned 0 (the inner half) the mask is emptied. All 64 signals are SIG_DFL from the start
// (an ignored signal would be inherited by the container). The outer half runs with every signal blocked.
// clone, clone3 with CLONE_VM is refused (EINVAL).
// A tolerated error leaves -errno in dst and goes on. Any other error fails the program.
struct instruction { // 64 bytes
  u8 op;
  u8 dst;       // slot for the result, NO_SLOT: none
  u16 nr;       // SYS: system call number
  u32 kinds;    // operand kinds and flags
  u8 ignore[6]; // tolerated errnos, 0: unused
  u16 jump;     // instruction index, strictly greater than this one's; 0: none
  s64 arg[6];
};

enum op {
  OP_SYS = 1,      // dst = syscall(nr, arg0 … arg5)
  OP_MOVE = 2,     // dst = arg0
  OP_JUMP = 3,     // go to jump
  OP_JUMP_ZERO = 4,    // if arg0 == 0
  OP_JUMP_NONZERO = 5, // if arg0 != 0
  OP_STORE = 6,    // write the low arg2 (1, 2, 4, 8) bytes of arg0 to data[arg1 (immediate)]
  OP_LOAD = 7,     // dst = arg1 (1, 2, 4, 8) bytes at data[arg0 (immediate)]; 4 and 8 signed, 1 and 2 unsigned
  OP_FORMAT = 8,   // render the template string at data[arg2] with its one "%d" replaced by the
                   // decimal arg3 into data[arg0], capacity arg1 with NUL; dst = length; ENAMETOOLONG
  OP_CHECK = 9,    // read the i32 at data[arg0]: negative means -errno, treated like a SYS result
                   // (the error field of a netlink acknowledgement)
  OP_ASSERT = 10,  // arg0 must equal arg1, else the step fails with errno arg2
  OP_REPORT = 11,  // from here on this process sends its records to descriptor arg0 (inner half: the sync pipe)
  OP_GUARD = 12,   // outer half: on a later failure kill the process behind pidfd arg0 (pid arg1), and reap it
  OP_RECORD = 13,  // send a record of type arg0 (immediate: CREATED, PRE_EXEC, USER) with value arg1
  OP_FAIL = 14,    // fail with errno arg0 (a slot may hold -errno: the sign is dropped)
  OP_MONITOR = 15, // arg0 = DATA: struct monitor; becomes the monitor, never comes back
  OP_REMOVE_TREE = 16, // remove the name at data[arg1] below directory descriptor arg0 (one plain name, no slash), recursively, never following
                       // a symbolic link nor crossing into another mount
  OP_END = 17,     // outer half: done without a monitor (exit 0); in the cleanup section: done
                   // (the cleanup section may also just end). The last instruction of the main section must be MONITOR,
                   // END, FAIL, exit, exit_group, or an execve, execveat that tolerates nothing
  OP_JUMP_EQUAL = 18, // if arg0 == arg1
  OP_TELL_END = 19, // cleanup section: the monitor tells everybody that the container has ended; what follows in the section nobody
                    // waits for. Nothing where the start has failed
};

enum record_type {
  RECORD_FAIL = 1,    // step `pc` failed with errno `value`; outer: cleanup has been run when it is sent
  RECORD_CREATED = 2, // the container waits at its start gate; from MONITOR_LEAVE: value = pid, aux = its start ticks
  RECORD_PRE_EXEC = 3, // inner half: about to execve (sent before the seccomp filter goes in)
  RECORD_EXEC = 4,    // the container's program runs; value = pid, aux = monitor's pid
  RECORD_EXIT = 5,    // it ended: value = exit code as a shell would give it (128+n), aux = signal | oom_kills << 32;
                      // sent after the exit file was written and the cleanup section was run, up to its TELL_END if it has one
  RECORD_USER = 6,    // a mark of the program's own
  RECORD_OOM = 7,     // the kernel killed a process of the container; value = oom_kill count so far
  RECORD_TRACE = 8,   // step `pc` took `aux` ns; value = its result
  RECORD_DIED = 9,    // the inner half died of signal `value` before execve (cleanup has been run), or, with pc 0: the
                      // outer half (the monitor) was killed by it, at whatever time; told by the zygote, nothing cleaned up
  RECORD_INVALID = 10, // the validator refused the program: pc = instruction or 0xffffffff, value = reason code
  RECORD_OUTPUT = 11, // MONITOR_TELL: the process wrote; value = 1 stdout, 2 stderr; aux = how many bytes (at most
                      // OUTPUT_LIMIT) follow the record, in the same send
};

// Why the validator refused a program (value of RECORD_INVALID; `shim check` prints the name).
enum invalid_reason {
  INVALID_HEADER = 1,       // magic, version, flags, reserved
  INVALID_ARCHITECTURE = 2, // compiled for another machine
  INVALID_SIZE = 3,         // total size, or counts beyond it
  INVALID_SECTION = 4,      // a section is misaligned, out of order, overlaps, or leaves the program
  INVALID_RELOCATION = 5,   // outside the data, not ascending, or pointing outside the data
  INVALID_WHY = 6,          // not one NUL-terminated sentence per instruction
  INVALID_OP = 7,           // unknown, or not allowed in this section
  INVALID_SLOT = 8,
  INVALID_KIND = 9,         // unknown operand kind or flag bits, or a kind that this op cannot take
  INVALID_DATA = 10,        // a data offset (with its size where it is known) leaves the data segment
  INVALID_JUMP = 11,        // not strictly forward, leaves its section, or is missing or superfluous
  INVALID_SYSCALL = 12,     // number ≥ 1024, or one that would share memory with the shim (vfork)
  INVALID_ERRNO = 13,       // a tolerated errno where none can happen, or an errno out of range
  INVALID_STRING = 14,      // not NUL-terminated in the data, or not a plain name where one is needed
  INVALID_MONITOR = 15,     // a field of struct monitor
  INVALID_END = 16,         // the main section can run off its end
  INVALID_OPERAND = 17,     // an immediate out of range (width, record type, …)
  INVALID_FILL = 18,        // of a program that is not kept, or with a patch that leaves its data
};

// All children of a zygote share its end of the stream: it stays open (and records go on coming) while one of them
// lives, even when the zygote is dead and nobody reads programs any more. Watch the zygote's process for that.
struct record { // 40 bytes, one atomic send on a Unix stream or pipe
  u32 type;
  u32 pc;
  s64 value;
  s64 aux;
  u64 time; // CLOCK_MONOTONIC, ns
  u64 id;   // of the program
};

enum monitor_flag {
  MONITOR_TERMINAL = 1 << 0,   // terminal_fd is a pty master; stdout only
  MONITOR_KEEP_STDIN = 1 << 1, // -i: stdin stays open when no client is attached
  MONITOR_STDIN_ONCE = 1 << 2, // close stdin when the first client that attached stdin detaches or sends STDIN_EOF
                               // (a terminal: STDIN_EOF alone counts, and types the end-of-file character)
  MONITOR_HOLD = 1 << 3,  // read no output and do not finish before the first client attached, or until hold_ms
                          // after the report stream was closed by its other end (the launcher died)
  MONITOR_ADOPTED = 1 << 4, // child is not ours (an earlier monitor died): wait by pidfd, status by PIDFD_GET_INFO
  MONITOR_TRANSIENT = 1 << 5, // the cleanup section removes state_dir: its files need not outlive a crash of the machine
  MONITOR_TELL = 1 << 7, // the launcher alone hears of it, on the report stream: its output in OUTPUT records, then EXIT, or
                         // FAIL or DIED; no PRE_EXEC, and EXEC only where it runs for longer than a moment: each record wakes somebody.
                         // Needs no state_dir: nobody can attach
  MONITOR_UNRECORDED = 1 << 8, // no file `process` or `exit`: nobody looks for them, and the socket is there
  MONITOR_LEAVE = 1 << 6, // no monitor: the process ends once the child waits at its gate or runs its program; the child
                          // is then an orphan, and the cleanup section is run after a failed start only
};

enum log_format { LOG_NONE = 0, LOG_JSON_FILE = 1, LOG_CRI = 2 };

// Descriptors are given as slots (NO_SLOT: absent), strings and vectors as data offsets (NONE: absent).
// The program must close the container's ends of the pipes and of the sync pipe (and the terminal's slave) in the
// outer half before OP_MONITOR: an end of file that the monitor itself holds open never comes. The monitor keeps its
// own ends open for its whole life, O_CLOEXEC or not; none reaches tick_argv and exit_argv.
// Hold: it ends also hold_ms after the container's end, and hold_ms after a failed start, whoever listens.
// After a failed start exit_argv runs only if nobody was told: no report stream took the record and no client came.
// stdin: without KEEP_STDIN, STDIN_ONCE and HOLD it is closed at once; without KEEP_STDIN and STDIN_ONCE it is closed
// when the last client that attached stdin leaves or sends STDIN_EOF.
#define OUTPUT_LIMIT (8u << 10) // with its record less than half of any send buffer: such a message is never split

struct monitor { // 128 bytes
  u32 size;  // sizeof(struct monitor)
  u32 flags;
  u8 child;       // pid
  u8 pidfd;
  u8 sync;        // read end of the inner half's record pipe; fill the slot before the clone: when the outer half
                  // fails, the inner half's FAIL is looked for here and told in place of its consequence
  u8 state_dir;   // directory that receives `process`, `exit`, and the socket `attach`
  u8 stdin_fd;    // write end
  u8 stdout_fd;   // read end
  u8 stderr_fd;   // read end
  u8 terminal_fd; // pty master
  u8 log_dir;     // directory of the log files
  u8 oom_fd;      // memory.events (v2) or memory.oom_control (v1), open for reading: has a line "oom_kill N"
  u8 reserved0[6];
  u32 log_name;   // file name in log_dir; rotated ones get .1, .2, …
  u32 log_format;
  u64 log_size;   // bytes at which the log is rotated by rename; 0: never
  u32 log_files;  // how many files to keep, the current one included
  u32 hold_ms;
  u32 exit_argv;  // run (execve in place of the monitor) after everything else; NONE: nothing. NULL-terminated, relocated
  u32 exit_envp;
  u32 exit_delay_ms; // wait this long before exit_argv when the container ran less than 10 s, else 100 ms; 0: no
                     // wait. Cut short when a file `stop` appears in state_dir (polled each 100 ms)
  u32 tick_ms;    // run tick_argv (fork + execve, one at a time) each tick_ms while the container runs; 0: never
  u32 tick_argv;
  u32 tick_first_ms; // the first tick
  u32 timeout_ms; // kill the container after this long; 0: never
  // Lines for a log of events: `<text><exit record>}\n`, where the text is an object without its end: {"…":…,"exit":
  // Appended (O_APPEND) to the file at event_path, which is made (0600) where it is missing; a failed start has none.
  u32 event_path;    // absolute; 0: no events (nothing used here lies at offset 0)
  u32 event_ended;   // before the cleanup section; 0: none
  u32 event_cleaned; // after it, or at its TELL_END; 0: none
  u32 event_oom;     // each time that the kernel has killed a process of it; of the exit record only finishedAt: now
  u32 event_started; // once the program was exec'ed; of the exit record only finishedAt: now
  u32 reserved[8];
};

// Files that the monitor writes in state_dir (each: temporary name, rename; `exit` also fsync):
//   process  {"pid":N,"startTicks":N,"monitorPid":N,"monitorStartTicks":N}           as soon as it runs, and again with
//            {"…","startedAt":"RFC 3339 with ns, UTC"}                              once the program was exec'ed
//   exit     {"exitCode":N,"signal":N,"oomKills":N,"startedAt":"…","finishedAt":"…"}
//            or, for a start that failed, {"failed":{"pc":N,"errno":N,"signal":N},"finishedAt":"…"}; also written when
//            the outer half fails before OP_MONITOR, if the state_dir slot of the program's (valid) struct monitor is
//            filled by then. Written before the cleanup section and before the FAIL record. signal ≠ 0: RECORD_DIED
// startTicks is field 22 of /proc/PID/stat.
// A file that others write there and the monitor reads before the cleanup section, where it is present:
//   holdings one line each: the name of an interface to take down, or the absolute path of a file to unlink afterwards
//
// Socket `attach` (Unix stream, mode 0600, bound relative to state_dir): frames both ways.
struct frame {
  u8 type;
  u8 reserved[3];
  u32 length; // of what follows; at most 64 KiB
};
enum frame_type {
  // client → monitor; ATTACH must come first. A client with no streams may send control frames (RESIZE, SIGNAL,
  // LOG_REOPEN) that must not wait behind its own STDIN frames on another connection; it does not end a HOLD
  FRAME_ATTACH = 1,    // u32 streams: 1 stdin, 2 stdout, 4 stderr
  FRAME_STDIN = 2,     // bytes
  FRAME_STDIN_EOF = 3,
  FRAME_RESIZE = 4,    // u16 rows, u16 columns
  FRAME_SIGNAL = 5,    // u32 signal number, sent to the container's init
  FRAME_LOG_REOPEN = 6,
  // monitor → client
  FRAME_HELLO = 16,    // u32 monitor flags, u32 pid; answers ATTACH
  FRAME_STDOUT = 17,
  FRAME_STDERR = 18,
  FRAME_EXIT = 19,     // s32 exit code, s32 signal, u32 oom kills, u32 reserved. The last frame
  FRAME_FAILED = 20,   // u32 pc, s32 errno, s32 signal: the start failed. The last frame
};

// The resident engine's socket speaks the same frames with these types; see client.c.
enum engine_frame_type {
  // client → engine
  FRAME_REQUEST = 32,  // see client.c: command name, argv, env, cwd, terminal facts
  FRAME_INPUT = 33,    // bytes of the client's stdin, after WANT_INPUT
  FRAME_INPUT_EOF = 34,
  FRAME_CLIENT_SIGNAL = 35, // u32 signal the client got
  // engine → client
  FRAME_OUT = 48,      // bytes for the client's stdout
  FRAME_ERR = 49,      // bytes for the client's stderr
  FRAME_DONE = 50,     // s32 exit code; the last frame
  FRAME_ATTACH_TO = 51, // become an attach client: u32 attach options (see attach.c), state folder path
  FRAME_DECLINE = 52,  // the engine did nothing: run the command without it
  FRAME_WANT_INPUT = 53,
  FRAME_WAIT_CHILD = 54, // of Node beside an OCI launcher: see oci-client.c
};
