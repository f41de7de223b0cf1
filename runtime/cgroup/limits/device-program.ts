import type { CheckedDeviceRule } from './device-rules.ts'
import { isCatchAll } from './device-rules.ts'

// A BPF program of type CGROUP_DEVICE, which v2 has in place of the devices controller. The
// kernel runs it for each open and mknod of a device node, with
//   struct bpf_cgroup_dev_ctx { u32 access_type; u32 major; u32 minor; }
// where access_type is the access bits << 16 | the device type (linux/bpf.h); it returns 1
// to allow. Every wanted access bit is decided by the last rule that speaks of it, so rules are
// tested from the last to the first, and each bit that is found allowed is struck off.

const BPF_DEVCG = { mknod: 1, read: 2, write: 4, block: 1, char: 2 } as const

// Instruction encodings of the BPF instruction set, RFC 9669.
const LDX_MEM_W = 0x61
const MOV64_K = 0xb7
const MOV32_X = 0xbc
const AND32_K = 0x54
const RSH32_K = 0x74
const JA = 0x05
const JNE_K = 0x55
const JSET_K = 0x45
const EXIT = 0x95

const ANSWER = 0
const CONTEXT = 1
const WANTED = 2
const TYPE = 3
const MAJOR = 4
const MINOR = 5

interface Instruction {
  readonly code: number
  readonly dst?: number
  readonly src?: number
  /** Jump distance, or "next" for the end of the rule. */
  readonly jump?: number | 'next'
  readonly offset?: number
  readonly imm?: number
}

/** Bits of `access` (letters `r`, `w`, `m`) as the kernel numbers them for this program type. */
export function accessBits(access: string): number {
  let bits = 0
  if (access.includes('m')) bits |= BPF_DEVCG.mknod
  if (access.includes('r')) bits |= BPF_DEVCG.read
  if (access.includes('w')) bits |= BPF_DEVCG.write
  return bits
}

const prologue: readonly Instruction[] = [
  { code: LDX_MEM_W, dst: WANTED, src: CONTEXT, offset: 0 },
  { code: MOV32_X, dst: TYPE, src: WANTED },
  { code: AND32_K, dst: TYPE, imm: 0xffff },
  { code: RSH32_K, dst: WANTED, imm: 16 },
  { code: LDX_MEM_W, dst: MAJOR, src: CONTEXT, offset: 4 },
  { code: LDX_MEM_W, dst: MINOR, src: CONTEXT, offset: 8 },
]

function answer(value: 0 | 1): Instruction[] {
  return [{ code: MOV64_K, dst: ANSWER, imm: value }, { code: EXIT }]
}

function ruleInstructions(rule: CheckedDeviceRule): Instruction[] {
  if (isCatchAll(rule)) return answer(rule.allow ? 1 : 0)
  const { type, major, minor } = rule
  const bits = accessBits(rule.access)
  const block: Instruction[] = []
  const unless = (register: number, imm: number): void => {
    block.push({ code: JNE_K, dst: register, imm, jump: 'next' })
  }
  if (type !== 'a') unless(TYPE, type === 'b' ? BPF_DEVCG.block : BPF_DEVCG.char)
  if (major !== undefined) unless(MAJOR, major)
  if (minor !== undefined) unless(MINOR, minor)
  if (rule.allow) {
    block.push({ code: AND32_K, dst: WANTED, imm: 7 & ~bits })
    unless(WANTED, 0)
    block.push(...answer(1))
  } else {
    block.push({ code: JSET_K, dst: WANTED, imm: bits, jump: 1 }, { code: JA, jump: 'next' })
    block.push(...answer(0))
  }
  return block.map((instruction, index) =>
    instruction.jump === 'next' ? { ...instruction, jump: block.length - index - 1 } : instruction,
  )
}

/**
 * Compile device rules to a BPF program (8 bytes an instruction, little endian), for
 * `bpf(BPF_PROG_LOAD)` with type BPF_PROG_TYPE_CGROUP_DEVICE.
 */
export function compileDeviceProgram(rules: readonly CheckedDeviceRule[]): Uint8Array {
  const instructions = [...prologue]
  let isDecided = false
  for (const rule of rules.toReversed()) {
    instructions.push(...ruleInstructions(rule))
    // What stands before a rule for everything can never decide; the verifier refuses dead code.
    isDecided = isCatchAll(rule)
    if (isDecided) break
  }
  if (!isDecided) instructions.push(...answer(0))
  return encode(instructions)
}

function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [
    index,
    { code, dst = 0, src = 0, jump, offset = 0, imm = 0 },
  ] of instructions.entries()) {
    view.setUint8(index * 8, code)
    view.setUint8(index * 8 + 1, (src << 4) | dst)
    view.setInt16(index * 8 + 2, typeof jump === 'number' ? jump : offset, true)
    view.setInt32(index * 8 + 4, imm, true)
  }
  return bytes
}
