import { OperationError } from '../../../native/error.ts'
import * as bpf from './bpf.ts'

/** What the kernel shows a filter about one system call. */
export interface SeccompCall {
  readonly nr: number
  /** An AUDIT_ARCH_… value. */
  readonly arch: number
  /** Up to six, unsigned 64-bit. Absent ones are zero. */
  readonly args?: readonly bigint[]
}

/**
 * Run a filter on a system call as the kernel would.
 * @returns the filter's return value, unsigned; `describeReturn` names it
 * @throws {OperationError} `INTERNAL` for an instruction that our filters never have, a read outside
 *   the data, or a run past the end: what the kernel's verifier refuses
 */
export function interpretFilter(filter: Uint8Array, call: SeccompCall): number {
  const program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength)
  const data = encodeCall(call)
  let accumulator = 0
  for (let at = 0; at * bpf.INSTRUCTION_BYTES < filter.byteLength;) {
    // Only what is run is decoded: a filter is long, and a path through it short.
    const { code, jt, jf, k } = bpf.decodeInstruction(program, at)
    at += 1
    if (code === bpf.BPF_RET_K) return k
    else if (code === bpf.BPF_LD_W_ABS) accumulator = loadWord(data, k)
    else if (code === bpf.BPF_ALU_AND_K) accumulator = (accumulator & k) >>> 0
    else if (code === bpf.BPF_JMP_JA) at += k
    else at += compare(code, accumulator, k) ? jt : jf
  }
  throw new OperationError('INTERNAL', 'interpret a seccomp filter: no return')
}

function compare(code: number, accumulator: number, k: number): boolean {
  if (code === bpf.BPF_JMP_JEQ_K) return accumulator === k
  if (code === bpf.BPF_JMP_JGT_K) return accumulator > k
  if (code === bpf.BPF_JMP_JGE_K) return accumulator >= k
  throw new OperationError('INTERNAL', 'interpret a seccomp filter: unknown instruction', { code })
}

function loadWord(data: DataView, offset: number): number {
  if (offset % 4 === 0 && offset < bpf.DATA_BYTES) return data.getUint32(offset, true)
  throw new OperationError('INTERNAL', 'interpret a seccomp filter: bad offset', { offset })
}

function encodeCall({ nr, arch, args = [] }: SeccompCall): DataView {
  const data = new DataView(new ArrayBuffer(bpf.DATA_BYTES))
  data.setUint32(bpf.DATA_NR, nr, true)
  data.setUint32(bpf.DATA_ARCH, arch, true)
  args.forEach((value, index) => data.setBigUint64(bpf.DATA_ARGS + index * 8, value, true))
  return data
}
