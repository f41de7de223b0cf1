import { X32_SYSCALL_BIT } from '../../../native/syscall-numbers/x32.ts'
import type { Seccomp } from '../../spec/seccomp.ts'
import type { Abi } from './abi.ts'
import { isAtLeast, returnValue } from './action.ts'
import type { KernelVersion } from './action.ts'
import { AUDIT_ARCH_X86_64, RET_KILL_PROCESS, RET_KILL_THREAD } from './bpf.ts'
import { isSameVerdict, newerCallValue, readRules } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** Numbers from `start` up to the next range share one verdict. */
export interface Range {
  readonly start: number
  readonly verdict: Verdict
}

/** What a call through an ABI that the profile does not list gets. */
export function foreignValue(kernel: KernelVersion): number {
  return isAtLeast(kernel, 4, 14) ? RET_KILL_PROCESS : RET_KILL_THREAD
}

const END_OF_NUMBERS = 2 ** 32
const SKIPPED = 0xffff_ffff // the number a tracer sets to skip a call; no ABI's

/**
 * All 2^32 numbers under one audit architecture as ranges in ascending order, neighbours with the
 * same verdict merged.
 * @param abis those that share the audit architecture
 */
export function rangesOf(
  seccomp: Seccomp,
  abis: readonly Abi[],
  kernel: KernelVersion,
): readonly Range[] {
  const ranges: Range[] = []
  const add = (start: number, verdict: Verdict): void => {
    const last = ranges.at(-1)
    if (last?.start === start) ranges.pop()
    const before = ranges.at(-1)
    if (before === undefined || !isSameVerdict(before.verdict, verdict))
      ranges.push({ start, verdict })
  }
  for (const abi of abis) addAbi(seccomp, abi, kernel, add)
  if (abis[0]?.audit === AUDIT_ARCH_X86_64) {
    const foreign = { branches: [], otherwise: foreignValue(kernel) }
    if (!abis.some(({ name }) => name === 'SCMP_ARCH_X32')) add(X32_SYSCALL_BIT, foreign)
    add(SKIPPED, {
      branches: [],
      otherwise: returnValue(seccomp.defaultAction, seccomp.defaultErrnoRet, kernel),
    })
  }
  return ranges
}

/** Ranges of one ABI, from its first number to the end. The next ABI overrides its own part. */
function addAbi(
  seccomp: Seccomp,
  abi: Abi,
  kernel: KernelVersion,
  add: (start: number, verdict: Verdict) => void,
): void {
  const otherwise = returnValue(seccomp.defaultAction, seccomp.defaultErrnoRet, kernel)
  const { verdicts, highestKnown } = readRules(seccomp, abi, kernel)
  const known = highestKnown ?? END_OF_NUMBERS
  const older: Verdict = { branches: [], otherwise }
  const newer: Verdict = { branches: [], otherwise: newerCallValue(seccomp, kernel) }
  const addUnnamed = (from: number, to: number): void => {
    if (from < to && from <= known) add(from, older)
    if (to > known + 1) add(Math.max(from, known + 1), newer)
  }
  let next = abi.name === 'SCMP_ARCH_X32' ? X32_SYSCALL_BIT : 0
  for (const number of Uint32Array.from(verdicts.keys()).toSorted()) {
    addUnnamed(next, number)
    add(number, verdicts.get(number)!)
    next = number + 1
  }
  addUnnamed(next, END_OF_NUMBERS)
}
