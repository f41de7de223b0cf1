import type { SeccompArgument } from '../../spec/seccomp.ts'
import * as bpf from './bpf.ts'
import type { Emitter, Label } from './emitter.ts'

const LOW_HALF = 0xffff_ffffn

/** Write the test of one 64-bit argument, as BPF must: two halves of 32 bits, the high one first. */
export function emitCondition(
  emitter: Emitter,
  argument: SeccompArgument,
  whenTrue: Label,
  whenFalse: Label,
): Label {
  const { op, index } = argument
  const value = BigInt(argument.value)
  switch (op) {
    case 'SCMP_CMP_EQ':
      return emitEqual(emitter, index, value, whenTrue, whenFalse)
    case 'SCMP_CMP_NE':
      return emitEqual(emitter, index, value, whenFalse, whenTrue)
    case 'SCMP_CMP_GT':
      return emitOrder(emitter, bpf.BPF_JMP_JGT_K, index, value, whenTrue, whenFalse)
    case 'SCMP_CMP_GE':
      return emitOrder(emitter, bpf.BPF_JMP_JGE_K, index, value, whenTrue, whenFalse)
    case 'SCMP_CMP_LE':
      return emitOrder(emitter, bpf.BPF_JMP_JGT_K, index, value, whenFalse, whenTrue)
    case 'SCMP_CMP_LT':
      return emitOrder(emitter, bpf.BPF_JMP_JGE_K, index, value, whenFalse, whenTrue)
    case 'SCMP_CMP_MASKED_EQ':
      return emitMasked(emitter, argument, whenTrue, whenFalse)
  }
}

const high = (value: bigint): number => Number(value >> 32n)
const low = (value: bigint): number => Number(value & LOW_HALF)

function load(emitter: Emitter, index: number, half: 'low' | 'high', next: Label): Label {
  const offset = bpf.DATA_ARGS + index * 8 + (half === 'high' ? 4 : 0)
  return emitter.step(bpf.BPF_LD_W_ABS, offset, next)
}

function emitEqual(
  emitter: Emitter,
  index: number,
  value: bigint,
  equal: Label,
  different: Label,
): Label {
  const lowHalf = emitter.compare(bpf.BPF_JMP_JEQ_K, low(value), equal, different)
  const loadLow = load(emitter, index, 'low', lowHalf)
  const highHalf = emitter.compare(bpf.BPF_JMP_JEQ_K, high(value), loadLow, different)
  return load(emitter, index, 'high', highHalf)
}

/** @param code the comparison of the low halves, where the high ones are equal */
function emitOrder(
  emitter: Emitter,
  code: number,
  index: number,
  value: bigint,
  above: Label,
  below: Label,
): Label {
  const lowHalf = emitter.compare(code, low(value), above, below)
  const loadLow = load(emitter, index, 'low', lowHalf)
  const sameHigh = emitter.compare(bpf.BPF_JMP_JEQ_K, high(value), loadLow, below)
  const greaterHigh = emitter.compare(bpf.BPF_JMP_JGT_K, high(value), above, sameHigh)
  return load(emitter, index, 'high', greaterHigh)
}

/** A half whose mask is zero needs no test: what remains of it is always zero. */
function emitMasked(
  emitter: Emitter,
  { index, value, valueTwo = 0 }: SeccompArgument,
  equal: Label,
  different: Label,
): Label {
  const mask = BigInt(value)
  const wanted = BigInt(valueTwo)
  if ((wanted & ~mask) !== 0n) return different
  let next = equal
  for (const [half, part] of [['low', low] as const, ['high', high] as const]) {
    if (part(mask) === 0) continue
    const compare = emitter.compare(bpf.BPF_JMP_JEQ_K, part(wanted), next, different)
    const masked =
      part(mask) === 0xffff_ffff ? compare : emitter.step(bpf.BPF_ALU_AND_K, part(mask), compare)
    next = load(emitter, index, half, masked)
  }
  return next
}
