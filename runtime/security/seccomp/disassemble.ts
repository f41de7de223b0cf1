import { describeReturn } from './action.ts'
import * as bpf from './bpf.ts'
import type { Instruction } from './bpf.ts'

const architectures: ReadonlyMap<number, string> = new Map([
  [bpf.AUDIT_ARCH_X86_64, 'x86_64'],
  [bpf.AUDIT_ARCH_I386, 'i386'],
  [bpf.AUDIT_ARCH_AARCH64, 'aarch64'],
  [bpf.AUDIT_ARCH_ARM, 'arm'],
])

/**
 * A filter for people, one instruction a line, jumps resolved to line numbers:
 * `  12  if A >= 0x3b goto 40 else 13`.
 */
export function disassembleFilter(filter: Uint8Array): readonly string[] {
  const instructions = bpf.decodeInstructions(filter)
  return instructions.map((instruction, at) => {
    const previous = instructions[at - 1]
    const isArch = previous?.code === bpf.BPF_LD_W_ABS && previous.k === bpf.DATA_ARCH
    return `${String(at).padStart(4)}  ${describeInstruction(instruction, at, isArch)}`
  })
}

function describeInstruction(
  { code, jt, jf, k }: Instruction,
  at: number,
  isArch: boolean,
): string {
  const name = isArch || code === bpf.BPF_JMP_JEQ_K ? architectures.get(k) : undefined
  const value = name ?? `0x${k.toString(16)}`
  const target = `goto ${at + 1 + jt} else ${at + 1 + jf}`
  switch (code) {
    case bpf.BPF_LD_W_ABS:
      return `A = ${describeOffset(k)}`
    case bpf.BPF_ALU_AND_K:
      return `A &= ${value}`
    case bpf.BPF_JMP_JA:
      return `goto ${at + 1 + k}`
    case bpf.BPF_JMP_JEQ_K:
      return `if A == ${value} ${target}`
    case bpf.BPF_JMP_JGT_K:
      return `if A > ${value} ${target}`
    case bpf.BPF_JMP_JGE_K:
      return `if A >= ${value} ${target}`
    case bpf.BPF_RET_K:
      return `return ${describeReturn(k)}`
    default:
      return `unknown 0x${code.toString(16)} ${jt} ${jf} ${value}`
  }
}

function describeOffset(offset: number): string {
  if (offset === bpf.DATA_NR) return 'nr'
  if (offset === bpf.DATA_ARCH) return 'arch'
  if (offset < bpf.DATA_ARGS) return `data[${offset}]`
  const index = (offset - bpf.DATA_ARGS) >> 3
  return `args[${index}].${offset % 8 === 0 ? 'low' : 'high'}`
}
