import { syscallTable } from '../../../../native/syscall-numbers/number.ts'
import {
  seccompActions,
  seccompArchitectures,
  seccompOperators,
} from '../../../../runtime/spec/seccomp.ts'
import type { Int64 } from '../../../../runtime/spec/integer.ts'
import type { Seccomp, SeccompArgument, SeccompRule } from '../../../../runtime/spec/seccomp.ts'
import type { Call } from './naive-reading.ts'

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Random = () => number

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!
}

const names = [
  ...Object.keys(syscallTable('x86_64')),
  'no_such_call',
  'socketcall',
  '_llseek',
  'set_tls',
]

/** Values around which comparisons go wrong: zero, half and full width, and their neighbours. */
const corners = [
  0n,
  1n,
  38n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x1_0000_0026n,
  0x7e02_0000n,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
  0xffff_ffff_0000_0000n,
]

export function randomValue(random: Random): bigint {
  const corner = pick(random, corners) + BigInt(Math.floor(random() * 3) - 1)
  return BigInt.asUintN(64, corner)
}

function randomArgument(random: Random): SeccompArgument {
  const value = randomValue(random)
  const asInt64: Int64 = value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
  return {
    index: Math.floor(random() * 6),
    value: asInt64,
    valueTwo: randomValue(random) & (random() < 0.8 ? value : randomValue(random)),
    op: pick(random, seccompOperators),
  }
}

function randomRule(random: Random): SeccompRule {
  const action = pick(random, seccompActions)
  const hasErrno = (action === 'SCMP_ACT_ERRNO' || action === 'SCMP_ACT_TRACE') && random() < 0.7
  const args = Array.from({ length: Math.floor(random() * 3.5) }, () => randomArgument(random))
  return {
    names: Array.from({ length: 1 + Math.floor(random() * 20) }, () => pick(random, names)),
    action,
    ...(hasErrno ? { errnoRet: Math.floor(random() * 200) } : {}),
    ...(args.length > 0 && random() < 0.6 ? { args } : {}),
  }
}

export function randomProfile(random: Random): Seccomp {
  const defaultAction = pick(
    random,
    seccompActions.filter((action) => action !== 'SCMP_ACT_NOTIFY'),
  )
  return {
    defaultAction,
    ...(defaultAction === 'SCMP_ACT_ERRNO' && random() < 0.5 ? { defaultErrnoRet: 13 } : {}),
    architectures: seccompArchitectures.filter(() => random() < 0.5),
    syscalls: Array.from({ length: Math.floor(random() * 30) }, () => randomRule(random)),
  }
}

const audits = [0xc000003e, 0xc000003e, 0xc000003e, 0x40000003, 0xc00000b7, 0x40000028, 0x1234]
const bases = [0, 0, 0, 0x4000_0000, 983_040]

export function randomCall(random: Random): Call {
  const strange = [0xffff_ffff, 0xffff_fffe, 0x3fff_ffff, 0x8000_0000, 0x4000_0000]
  const nr =
    random() < 0.05 ? pick(random, strange) : pick(random, bases) + Math.floor(random() * 560)
  return {
    nr,
    arch: pick(random, audits),
    args: Array.from({ length: 6 }, () => randomValue(random)),
  }
}
