// From the rules of a profile to what happens for each number of an ABI: the readings that
// runc and libseccomp give them, in one place.

import type { Seccomp, SeccompArgument, SeccompRule } from '../../spec/seccomp.ts'
import type { Abi } from './abi.ts'
import { ENOSYS, returnValue } from './action.ts'
import type { KernelVersion } from './action.ts'

/** Arguments that must all match for a return value. */
export interface Branch {
  readonly args: readonly SeccompArgument[]
  readonly value: number
}

/** What a filter says about one system call: the first branch that matches, else `otherwise`. */
export interface Verdict {
  readonly branches: readonly Branch[]
  readonly otherwise: number
}

/** Whether two verdicts say the same about every call. */
export function isSameVerdict(a: Verdict, b: Verdict): boolean {
  if (a === b) return true
  if (a.otherwise !== b.otherwise || a.branches.length !== b.branches.length) return false
  return a.branches.length === 0 || verdictKey(a) === verdictKey(b)
}

/** Equal for verdicts that say the same, so that their code is written once. */
export function verdictKey({ branches, otherwise }: Verdict): string {
  const parts = branches.map(({ args, value }) => {
    const tests = args.map(({ index, op, value: a, valueTwo: b = 0 }) => `${index} ${op} ${a} ${b}`)
    return `${tests.join(' & ')} > ${value}`
  })
  return [...parts, otherwise].join(' | ')
}

/** A profile as one ABI sees it. */
export interface AbiReading {
  /** By number, for the calls that rules name. */
  readonly verdicts: ReadonlyMap<number, Verdict>
  /**
   * Highest number that the profile's author can have known, or undefined for a profile that says
   * nothing about this ABI. A newer call gets ENOSYS, so that a C library tries the older one;
   * EPERM would make it give up.
   */
  readonly highestKnown: number | undefined
}

/**
 * What the rules of a profile say about each call of an ABI.
 *
 * - A rule that does what the default does is as good as absent.
 * - A rule without arguments decides alone, wherever it stands; of several the first.
 * - Of rules with arguments the first in the list that matches decides, else the default.
 * - In one rule all arguments must match; but once an index occurs twice, any of them.
 * - Names that the ABI does not have are skipped: profiles list the calls of all machines.
 */
export function readRules(seccomp: Seccomp, abi: Abi, kernel: KernelVersion): AbiReading {
  const otherwise = returnValue(seccomp.defaultAction, seccomp.defaultErrnoRet, kernel)
  const branches = new Map<number, Branch[]>()
  const decided = new Map<number, Verdict>()
  let highestKnown: number | undefined
  for (const rule of seccomp.syscalls ?? []) {
    const value = returnValue(rule.action, rule.errnoRet, kernel)
    const plain: Verdict = { branches: [], otherwise: value }
    for (const name of rule.names) {
      const number = abi.find(name)
      if (number === undefined) continue
      if (number > (highestKnown ?? -1) && !isPrivate(number, abi)) highestKnown = number
      if (value === otherwise) continue
      if ((rule.args?.length ?? 0) > 0)
        branches.set(number, [...(branches.get(number) ?? []), ...branchesOf(rule, value)])
      else if (!decided.has(number)) decided.set(number, plain)
    }
  }
  for (const [number, list] of branches)
    if (!decided.has(number)) decided.set(number, { branches: list, otherwise })
  return { verdicts: decided, highestKnown }
}

function branchesOf({ args = [] }: SeccompRule, value: number): Branch[] {
  const isAlternative = new Set(args.map(({ index }) => index)).size < args.length
  return isAlternative ? args.map((arg) => ({ args: [arg], value })) : [{ args, value }]
}

/** ARM numbers its own calls far above those that Linux adds everywhere. */
function isPrivate(number: number, abi: Abi): boolean {
  return abi.name === 'SCMP_ARCH_ARM' && number >= 0xf_0000
}

/** What unnamed calls above the highest known one get. A permissive default stays permissive. */
export function newerCallValue(seccomp: Seccomp, kernel: KernelVersion): number {
  const permissive = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE', 'SCMP_ACT_NOTIFY']
  if (permissive.includes(seccomp.defaultAction))
    return returnValue(seccomp.defaultAction, seccomp.defaultErrnoRet, kernel)
  return returnValue('SCMP_ACT_ERRNO', ENOSYS, kernel)
}
