import { OperationError } from '../../../native/error.ts'
import type { Architecture } from '../../../native/syscall-numbers/number.ts'
import type { Seccomp, SeccompFlag } from '../../spec/seccomp.ts'
import { selectAbis } from './abi.ts'
import type { Abi } from './abi.ts'
import { isAtLeast, requireKernel } from './action.ts'
import type { KernelVersion } from './action.ts'
import * as bpf from './bpf.ts'
import { emitCondition } from './condition.ts'
import { Emitter } from './emitter.ts'
import type { Label } from './emitter.ts'
import { foreignValue, rangesOf } from './ranges.ts'
import type { Range } from './ranges.ts'
import { verdictKey } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export interface CompileOptions {
  readonly architecture: Architecture
  readonly kernel: KernelVersion
}

export interface CompiledSeccomp {
  /** Array of `struct sock_filter`, little endian. Shared between callers: do not write to it. */
  readonly filter: Uint8Array
  /** For seccomp(2), SECCOMP_SET_MODE_FILTER. */
  readonly flags: number
  /** At most 4096. */
  readonly instructions: number
  /** The system call returns a descriptor that answers for SCMP_ACT_NOTIFY. */
  readonly hasListener: boolean
}

const compiled = new WeakMap<Seccomp, Map<string, CompiledSeccomp>>()

/**
 * Compile the seccomp section of a configuration to classic BPF: a check of the audit
 * architecture, then for each a balanced tree over ranges of system call numbers, so that a call
 * costs some eight comparisons however long the profile is. The result is kept for as long as the
 * section object lives.
 *
 * @throws {OperationError} `INVALID_SPEC` above 4096 instructions; `UNSUPPORTED` where the kernel
 *   lacks an action or flag
 * @see https://docs.kernel.org/userspace-api/seccomp_filter.html
 */
export function compileSeccomp(seccomp: Seccomp, options: CompileOptions): CompiledSeccomp {
  const { architecture, kernel } = options
  const key = cacheKey(architecture, kernel)
  const kept = compiled.get(seccomp) ?? new Map<string, CompiledSeccomp>()
  compiled.set(seccomp, kept)
  const result = kept.get(key) ?? compile(seccomp, architecture, kernel)
  kept.set(key, result)
  return result
}

/** Let `compileSeccomp` find a result that an earlier process computed from an equal section. */
export function keepCompiled(
  seccomp: Seccomp,
  { architecture, kernel }: CompileOptions,
  result: CompiledSeccomp,
): void {
  compiled.set(seccomp, new Map([[cacheKey(architecture, kernel), result]]))
}

function cacheKey(architecture: Architecture, { major, minor }: KernelVersion): string {
  return `${architecture} ${major}.${minor}`
}

function compile(
  seccomp: Seccomp,
  architecture: Architecture,
  kernel: KernelVersion,
): CompiledSeccomp {
  const emitter = new Emitter()
  const foreign = emitter.return(foreignValue(kernel))
  const written: WrittenVerdicts = new Map()
  let next = foreign
  // Backwards: the native architecture comes last here and so is tested first.
  for (const abis of byAudit(selectAbis(architecture, seccomp.architectures)).toReversed()) {
    const ranges = rangesOf(seccomp, abis, kernel)
    const tree = emitTree(emitter, ranges, written)
    const loaded = emitter.step(bpf.BPF_LD_W_ABS, bpf.DATA_NR, tree)
    next = emitter.compare(bpf.BPF_JMP_JEQ_K, abis[0].audit, loaded, next)
  }
  emitter.step(bpf.BPF_LD_W_ABS, bpf.DATA_ARCH, next)
  const instructions = emitter.length
  if (instructions > bpf.MAX_INSTRUCTIONS)
    throw new OperationError(
      'INVALID_SPEC',
      'compile the seccomp filter',
      { instructions, limit: bpf.MAX_INSTRUCTIONS },
      { hint: 'Use fewer rules with arguments, or list fewer architectures' },
    )
  const hasListener = (seccomp.syscalls ?? []).some(({ action }) => action === 'SCMP_ACT_NOTIFY')
  const flags = filterFlags(seccomp.flags, hasListener, kernel)
  return { filter: emitter.encode(), flags, instructions, hasListener }
}

function byAudit(abis: readonly [Abi, ...Abi[]]): readonly [Abi, ...Abi[]][] {
  const groups: [Abi, ...Abi[]][] = []
  for (const abi of abis) {
    const group = groups.find(([first]) => first.audit === abi.audit)
    if (group === undefined) groups.push([abi])
    else group.push(abi)
  }
  return groups
}

/** Code of verdicts with branches, which load what they need and so serve every architecture. */
type WrittenVerdicts = Map<string, Label>

/** The number is in the accumulator; ranges ascend and cover everything. */
function emitTree(emitter: Emitter, ranges: readonly Range[], written: WrittenVerdicts): Label {
  const [only] = ranges
  if (only === undefined) throw new OperationError('INTERNAL', 'compile an empty range tree')
  if (ranges.length === 1) return emitVerdict(emitter, only.verdict, written)
  const middle = ranges.length >> 1
  const upper = emitTree(emitter, ranges.slice(middle), written)
  const lower = emitTree(emitter, ranges.slice(0, middle), written)
  return emitter.compare(bpf.BPF_JMP_JGE_K, ranges[middle]!.start, upper, lower)
}

function emitVerdict(emitter: Emitter, verdict: Verdict, written: WrittenVerdicts): Label {
  const { branches, otherwise } = verdict
  if (branches.length === 0) return emitter.return(otherwise)
  const key = verdictKey(verdict)
  const known = written.get(key)
  if (known !== undefined) return known
  let next = emitter.return(otherwise)
  for (const { args, value } of branches.toReversed()) {
    let matched = emitter.return(value)
    for (const argument of args.toReversed())
      matched = emitCondition(emitter, argument, matched, next)
    next = matched
  }
  written.set(key, next)
  return next
}

/** Absent flags mean SPEC_ALLOW, as in runc: the mitigation it turns off slows every process down. */
function filterFlags(
  flags: readonly SeccompFlag[] | undefined,
  hasListener: boolean,
  kernel: KernelVersion,
): number {
  let bits = hasListener ? bpf.FILTER_FLAG_NEW_LISTENER : 0
  if (flags === undefined && isAtLeast(kernel, 4, 17)) bits |= bpf.FILTER_FLAG_SPEC_ALLOW
  for (const flag of flags ?? []) bits |= flagBit(flag, kernel)
  // Both want the return value of the system call; this flag keeps the descriptor there.
  if (hasListener && (bits & bpf.FILTER_FLAG_TSYNC) !== 0) {
    requireKernel(kernel, 5, 7, 'SECCOMP_FILTER_FLAG_TSYNC with SCMP_ACT_NOTIFY')
    bits |= bpf.FILTER_FLAG_TSYNC_ESRCH
  }
  // The kernel takes this one only together with a listener.
  return hasListener ? bits : bits & ~bpf.FILTER_FLAG_WAIT_KILLABLE_RECV
}

function flagBit(flag: SeccompFlag, kernel: KernelVersion): number {
  switch (flag) {
    case 'SECCOMP_FILTER_FLAG_TSYNC':
      return bpf.FILTER_FLAG_TSYNC
    case 'SECCOMP_FILTER_FLAG_LOG':
      requireKernel(kernel, 4, 14, flag)
      return bpf.FILTER_FLAG_LOG
    case 'SECCOMP_FILTER_FLAG_SPEC_ALLOW':
      requireKernel(kernel, 4, 17, flag)
      return bpf.FILTER_FLAG_SPEC_ALLOW
    case 'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV':
      requireKernel(kernel, 5, 19, flag)
      return bpf.FILTER_FLAG_WAIT_KILLABLE_RECV
  }
}
