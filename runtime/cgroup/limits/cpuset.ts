import { OperationError } from '../../../native/error.ts'
import type { CpuResources } from '../resources.ts'
import type { LimitContext, LimitWrite } from './limit-write.ts'
import { v1Source, v2Source } from './limit-write.ts'

const listPattern = /^\d+(-\d+)?(,\d+(-\d+)?)*$/

/**
 * Files for the CPU and memory node sets of `linux.resources.cpu`.
 *
 * @throws {OperationError} `INVALID_SPEC` when a set is not a list such as `0-3,6`
 */
export function cpusetLimits(cpu: CpuResources, { version }: LimitContext): LimitWrite[] {
  const source =
    version === 'v2' ? `${v2Source}#cpuset-interface-files` : `${v1Source}/cpusets.html`
  const writes: LimitWrite[] = []
  if (cpu.cpus)
    writes.push({
      file: 'cpuset.cpus',
      value: requireList('cpus', cpu.cpus),
      why: 'CPUs that the container may use',
      source,
    })
  if (cpu.mems)
    writes.push({
      file: 'cpuset.mems',
      value: requireList('mems', cpu.mems),
      why: 'memory nodes that the container may use',
      source,
    })
  return writes
}

function requireList(field: string, list: string): string {
  const text = list.trim()
  if (listPattern.test(text)) return text
  throw new OperationError(
    'INVALID_SPEC',
    `check linux.resources.cpu.${field}`,
    { value: list },
    { hint: 'Write numbers and ranges, as in 0-3,6' },
  )
}
