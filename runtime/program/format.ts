// The numbers of native/shim/program.h, which is the contract; a test compares them with it.

export const MAGIC = 0x3150434d
export const VERSION = 1
export const MAX_PROGRAM_SIZE = 4 << 20
export const SLOT_COUNT = 128
export const NO_SLOT = 0xff
export const NONE = 0xffffffff
export const HEADER_SIZE = 64
export const INSTRUCTION_SIZE = 64
export const RECORD_SIZE = 40
export const MONITOR_SIZE = 128
export const MAX_IGNORED = 6

export const ARCHITECTURE = { x86_64: 1, aarch64: 2 } as const
export const HEADER_TRACE = 1

/** Of `keep` in struct header. */
export const KEEP_OFFSET = 56
export const FILL_MAGIC = 0x3146434d
export const FILL_SIZE = 64
export const FILL_MAX_SIZE = 256 << 10
export const KEPT_LIMIT = 16

export const OP = {
  SYS: 1,
  MOVE: 2,
  JUMP: 3,
  JUMP_ZERO: 4,
  JUMP_NONZERO: 5,
  STORE: 6,
  LOAD: 7,
  FORMAT: 8,
  CHECK: 9,
  ASSERT: 10,
  REPORT: 11,
  GUARD: 12,
  RECORD: 13,
  FAIL: 14,
  MONITOR: 15,
  REMOVE_TREE: 16,
  END: 17,
  JUMP_EQUAL: 18,
  TELL_END: 19,
} as const
export type OpName = keyof typeof OP

export const FLAG = {
  IGNORE_ANY: 1 << 24,
  JUMP_IF_IGNORED: 1 << 25,
  JUMP_IF_OK: 1 << 26,
} as const

export const RECORD = {
  FAIL: 1,
  CREATED: 2,
  PRE_EXEC: 3,
  EXEC: 4,
  EXIT: 5,
  USER: 6,
  OOM: 7,
  TRACE: 8,
  DIED: 9,
  INVALID: 10,
  OUTPUT: 11,
} as const

export const MONITOR_FLAG = {
  TERMINAL: 1,
  KEEP_STDIN: 2,
  STDIN_ONCE: 4,
  HOLD: 8,
  ADOPTED: 16,
  TRANSIENT: 32,
  LEAVE: 64,
  TELL: 128,
  UNRECORDED: 256,
} as const

export const LOG_FORMAT = { none: 0, 'json-file': 1, cri: 2 } as const
