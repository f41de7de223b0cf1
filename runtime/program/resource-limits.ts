import type { Rlimit } from '../spec/config.ts'
import { refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { RLIMITS } from './flags/names.ts'
import type { Operand } from './operand.ts'
import { resourceLimit } from './structs.ts'

/**
 * Limits of process `pid` (0: this one); see getrlimit(2).
 *
 * @param extraProcesses added to the limit of processes, for steps that need more of them than the program has
 */
export function setResourceLimits(c: Compilation, pid: Operand, extraProcesses = 0): void {
  const seen = new Set<string>()
  for (const limit of c.config.process?.rlimits ?? []) {
    if (seen.has(limit.type))
      refuseSpec('process.rlimits', { type: limit.type, problem: 'named twice' })
    seen.add(limit.type)
    setLimit(c, pid, limit, limit.type === PROCESSES ? extraProcesses : 0)
  }
}

/** The limit of processes again, as it is meant; lowering it takes no right. */
export function exactProcessLimit(c: Compilation): void {
  const limit = c.config.process?.rlimits?.find(({ type }) => type === PROCESSES)
  if (limit !== undefined) setLimit(c, 0, limit, 0)
}

const PROCESSES = 'RLIMIT_NPROC'
const INFINITY = 2n ** 64n - 1n

function raise(value: bigint, by: number): bigint {
  const raised = BigInt.asUintN(64, value) + BigInt(by)
  return raised > INFINITY ? INFINITY : raised
}

/**
 * Limits are raised by a process with rights over the host: the inner half of a container with another user
 * namespace has none, so its outer half does it.
 */
export function limitsAreSetOutside(c: Compilation): boolean {
  return c.isForeign && !c.base.host.rootless
}

function setLimit(c: Compilation, pid: Operand, { type, soft, hard }: Rlimit, extra: number): void {
  const number = RLIMITS[type]
  if (number === undefined) refuseSpec('process.rlimits', { type })
  const limit = resourceLimit(c.b.data, raise(BigInt(soft), extra), raise(BigInt(hard), extra))
  c.b.call('prlimit64', [pid, number, limit, 0], {
    // What was there is as good then, and the limit itself is set later.
    ...(extra > 0 ? { ignore: ['EPERM'] } : {}),
    why: `${type.slice(7).toLowerCase()} limit ${soft}:${hard}, as the configuration has it`,
    source: 'getrlimit(2)',
  })
}
