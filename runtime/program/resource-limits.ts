import type { Rlimit } from '../spec/config.ts'
import { refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { RLIMITS } from './flags/names.ts'
import type { Operand } from './operand.ts'
import { resourceLimit } from './structs.ts'

/** Limits of process `pid` (0: this one); see getrlimit(2). */
export function setResourceLimits(c: Compilation, pid: Operand): void {
  const seen = new Set<string>()
  for (const limit of c.config.process?.rlimits ?? []) {
    if (seen.has(limit.type))
      refuseSpec('process.rlimits', { type: limit.type, problem: 'named twice' })
    seen.add(limit.type)
    setLimit(c, pid, limit)
  }
}

/**
 * Limits are raised by a process with rights over the host: the inner half of a container with a new user
 * namespace has none, so its outer half does it.
 */
export function limitsAreSetOutside(c: Compilation): boolean {
  return c.isUserNamespaceNew && !c.base.host.rootless
}

function setLimit(c: Compilation, pid: Operand, { type, soft, hard }: Rlimit): void {
  const number = RLIMITS[type]
  if (number === undefined) refuseSpec('process.rlimits', { type })
  const limit = resourceLimit(c.b.data, BigInt(soft), BigInt(hard))
  c.b.call('prlimit64', [pid, number, limit, 0], {
    why: `${type.slice(7).toLowerCase()} limit ${soft}:${hard}, as the configuration has it`,
    source: 'getrlimit(2)',
  })
}
