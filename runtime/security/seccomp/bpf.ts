// The classic BPF that seccomp filters are made of. Facts from linux/filter.h,
// linux/bpf_common.h, linux/seccomp.h and linux/audit.h; see seccomp(2).

/** Instruction codes that our filters use. */
export const BPF_LD_W_ABS = 0x20
export const BPF_JMP_JA = 0x05
export const BPF_JMP_JEQ_K = 0x15
export const BPF_JMP_JGT_K = 0x25
export const BPF_JMP_JGE_K = 0x35
export const BPF_ALU_AND_K = 0x54
export const BPF_RET_K = 0x06

/** Size of `struct sock_filter`: u16 code, u8 jt, u8 jf, u32 k. */
/** sizeof(struct sock_filter). */
export const INSTRUCTION_BYTES = 8

/** The kernel refuses longer filters (BPF_MAXINSNS). */
export const MAX_INSTRUCTIONS = 4096

/** Offsets in `struct seccomp_data`. */
export const DATA_NR = 0
export const DATA_ARCH = 4
/** Six 64-bit arguments, low half first on the little-endian machines we run on. */
export const DATA_ARGS = 16
export const DATA_BYTES = 64

export const AUDIT_ARCH_I386 = 0x4000_0003
export const AUDIT_ARCH_X86_64 = 0xc000_003e
export const AUDIT_ARCH_ARM = 0x4000_0028
export const AUDIT_ARCH_AARCH64 = 0xc000_00b7

/** What a filter returns: an action in the upper half, its data in the lower. */
export const RET_KILL_PROCESS = 0x8000_0000
export const RET_KILL_THREAD = 0x0000_0000
export const RET_TRAP = 0x0003_0000
export const RET_ERRNO = 0x0005_0000
export const RET_USER_NOTIF = 0x7fc0_0000
export const RET_TRACE = 0x7ff0_0000
export const RET_LOG = 0x7ffc_0000
export const RET_ALLOW = 0x7fff_0000

export const FILTER_FLAG_TSYNC = 1
export const FILTER_FLAG_LOG = 2
export const FILTER_FLAG_SPEC_ALLOW = 4
export const FILTER_FLAG_NEW_LISTENER = 8
export const FILTER_FLAG_TSYNC_ESRCH = 16
export const FILTER_FLAG_WAIT_KILLABLE_RECV = 32

export interface Instruction {
  readonly code: number
  /** Instructions to skip when the comparison holds, and when it does not. */
  readonly jt: number
  readonly jf: number
  readonly k: number
}

/** Instructions as the kernel reads them: an array of `struct sock_filter`, little endian. */
export function encodeInstructions(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * INSTRUCTION_BYTES)
  const view = new DataView(bytes.buffer)
  instructions.forEach(({ code, jt, jf, k }, index) => {
    const at = index * INSTRUCTION_BYTES
    view.setUint16(at, code, true)
    view.setUint8(at + 2, jt)
    view.setUint8(at + 3, jf)
    view.setUint32(at + 4, k, true)
  })
  return bytes
}

/** The reverse of `encodeInstructions`. */
export function decodeInstructions(filter: Uint8Array): readonly Instruction[] {
  const view = new DataView(filter.buffer, filter.byteOffset, filter.byteLength)
  return Array.from({ length: filter.byteLength / INSTRUCTION_BYTES }, (_, index) =>
    decodeInstruction(view, index),
  )
}

export function decodeInstruction(filter: DataView, index: number): Instruction {
  const at = index * INSTRUCTION_BYTES
  return {
    code: filter.getUint16(at, true),
    jt: filter.getUint8(at + 2),
    jf: filter.getUint8(at + 3),
    k: filter.getUint32(at + 4, true),
  }
}
