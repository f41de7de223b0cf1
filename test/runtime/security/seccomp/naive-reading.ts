// The plainest reading of a seccomp section, one call at a time, to hold the compiler against.
// It shares the number tables with it and nothing else.

import { aarch64 } from '../../../../native/syscall-numbers/aarch64.ts'
import { arm } from '../../../../native/syscall-numbers/arm.ts'
import { i386 } from '../../../../native/syscall-numbers/i386.ts'
import { findX32Number } from '../../../../native/syscall-numbers/x32.ts'
import { x86_64 } from '../../../../native/syscall-numbers/x86_64.ts'
import type { Seccomp, SeccompArgument, SeccompRule } from '../../../../runtime/spec/seccomp.ts'

const ALLOW = 0x7fff0000
const KILL_PROCESS = 0x80000000
const ENOSYS = 0x50000 + 38
const X32_BIT = 0x40000000

export interface Call {
  readonly nr: number
  readonly arch: number
  readonly args: readonly bigint[]
}

type Find = (name: string) => number | undefined

/** What the kernel should do with the call, as a filter's return value. */
export function readSeccomp(seccomp: Seccomp, call: Call): number {
  const find = finder(call, seccomp.architectures ?? [])
  if (find === undefined) return KILL_PROCESS
  const fallback = valueOf({ action: seccomp.defaultAction, errnoRet: seccomp.defaultErrnoRet })
  const rules = (seccomp.syscalls ?? []).filter(
    (rule) => valueOf(rule) !== fallback && rule.names.some((name) => find(name) === call.nr),
  )
  const plain = rules.find(({ args }) => (args ?? []).length === 0)
  if (plain !== undefined) return valueOf(plain)
  const matching = rules.find((rule) => argsMatch(rule, call.args))
  if (matching !== undefined) return valueOf(matching)
  return rules.length === 0 && isNewer(seccomp, call, find) ? ENOSYS : fallback
}

const table =
  (numbers: Readonly<Record<string, number>>): Find =>
  (name) =>
    numbers[name]

function finder({ nr, arch }: Call, listed: readonly string[]): Find | undefined {
  if (arch === 0xc000003e && nr >= X32_BIT && nr !== 0xffffffff)
    return listed.includes('SCMP_ARCH_X32') ? findX32Number : undefined
  if (arch === 0xc000003e) return table(x86_64)
  if (arch === 0x40000003 && listed.includes('SCMP_ARCH_X86')) return table(i386)
  if (arch === 0xc00000b7) return table(aarch64)
  if (arch === 0x40000028 && listed.includes('SCMP_ARCH_ARM')) return table(arm)
  return undefined
}

function isNewer(seccomp: Seccomp, { nr, arch }: Call, find: Find): boolean {
  const permissive = ['SCMP_ACT_ALLOW', 'SCMP_ACT_LOG', 'SCMP_ACT_TRACE']
  if (permissive.includes(seccomp.defaultAction)) return false
  if (nr === 0xffffffff && arch === 0xc000003e) return false
  const numbers = (seccomp.syscalls ?? []).flatMap(({ names }) => names.map(find))
  const known = numbers.filter(
    (number) => number !== undefined && !(number > 983000 && number < 990000),
  )
  return known.length > 0 && nr > Math.max(...(known as number[]))
}

function valueOf({ action, errnoRet }: Pick<SeccompRule, 'action' | 'errnoRet'>): number {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return ALLOW
    case 'SCMP_ACT_LOG':
      return 0x7ffc0000
    case 'SCMP_ACT_NOTIFY':
      return 0x7fc00000
    case 'SCMP_ACT_TRACE':
      return 0x7ff00000 + (errnoRet ?? 1)
    case 'SCMP_ACT_ERRNO':
      return 0x50000 + (errnoRet ?? 1)
    case 'SCMP_ACT_TRAP':
      return 0x30000
    case 'SCMP_ACT_KILL_PROCESS':
      return KILL_PROCESS
    default:
      return 0
  }
}

function argsMatch({ args = [] }: SeccompRule, values: readonly bigint[]): boolean {
  const isAlternative = new Set(args.map(({ index }) => index)).size < args.length
  const matches = (arg: SeccompArgument): boolean => compare(arg, values[arg.index] ?? 0n)
  return isAlternative ? args.some(matches) : args.every(matches)
}

function compare({ op, value, valueTwo }: SeccompArgument, actual: bigint): boolean {
  const operand = BigInt(value)
  switch (op) {
    case 'SCMP_CMP_EQ':
      return actual === operand
    case 'SCMP_CMP_NE':
      return actual !== operand
    case 'SCMP_CMP_LT':
      return actual < operand
    case 'SCMP_CMP_LE':
      return actual <= operand
    case 'SCMP_CMP_GE':
      return actual >= operand
    case 'SCMP_CMP_GT':
      return actual > operand
    case 'SCMP_CMP_MASKED_EQ':
      return (actual & operand) === BigInt(valueTwo ?? 0)
  }
}
