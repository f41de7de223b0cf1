import { OperationError } from '../../../native/error.ts'
import type { Integer, MemoryResources } from '../resources.ts'
import type { LimitContext, LimitWrite } from './limit-write.ts'
import { isSet, requireInteger, v1Source, v2Source } from './limit-write.ts'

const v2Memory = `${v2Source}#memory-interface-files`
const v1Memory = `${v1Source}/memory.html`

/**
 * Files for `linux.resources.memory`, in the order in which a new group takes them.
 *
 * @throws {OperationError} `INVALID_SPEC` for a value out of range, or swap without a limit
 */
export function memoryLimits(memory: MemoryResources, context: LimitContext): LimitWrite[] {
  warnAboutIgnored(memory, context)
  return context.version === 'v2' ? v2Limits(memory) : v1Limits(memory, context)
}

/**
 * OCI swap is memory plus swap (`docker run --memory-swap`), v2 `memory.swap.max` is swap alone.
 *
 * @returns text for `memory.swap.max`, or undefined when swap is not to be touched
 * @throws {OperationError} `INVALID_SPEC` when there is no memory limit or swap is below it
 */
function formatSwapMax(memory: MemoryResources): string | undefined {
  const { swap, limit } = memory
  if (!isSet(swap)) return limit !== undefined && limit < 0 ? 'max' : undefined
  if (requireInteger('memory.swap', swap, -1) === '-1') return 'max'
  requireSwapAboveLimit(swap, limit)
  requireInteger('memory.limit', limit ?? 0, -1)
  return String(BigInt(swap) - BigInt(limit ?? 0))
}

function requireSwapAboveLimit(swap: Integer, limit: Integer | undefined): void {
  if (isSet(limit) && limit > 0 && swap >= limit) return
  throw new OperationError(
    'INVALID_SPEC',
    'check linux.resources.memory.swap',
    { swap, limit: limit ?? 'not set' },
    { hint: 'The swap value is memory plus swap: set a memory limit that is not larger' },
  )
}

function warnAboutIgnored(memory: MemoryResources, { version, warnings }: LimitContext): void {
  if (isSet(memory.kernel))
    warnings.push('memory.kernel is ignored: Linux has no kernel memory limit since 5.16')
  if (memory.useHierarchy === false)
    warnings.push('memory.useHierarchy=false is ignored: groups are hierarchical since Linux 5.11')
  if (version === 'v1') return
  if (memory.swappiness !== undefined)
    warnings.push('memory.swappiness is ignored: cgroup v2 has no swappiness for a group')
  if (memory.disableOOMKiller)
    warnings.push('memory.disableOOMKiller is ignored: cgroup v2 cannot switch the killer off')
  if (isSet(memory.kernelTCP))
    warnings.push('memory.kernelTCP is ignored: cgroup v2 counts socket memory in memory.max')
}

function bytes(field: string, value: Integer): string {
  return requireInteger(`memory.${field}`, value, -1)
}

function unlimited(text: string): string {
  return text === '-1' ? 'max' : text
}

function v2Limits(memory: MemoryResources): LimitWrite[] {
  const writes: LimitWrite[] = []
  const { limit, reservation } = memory
  const swapMax = formatSwapMax(memory)
  if (swapMax !== undefined)
    writes.push({
      file: 'memory.swap.max',
      value: swapMax,
      why: 'limit swap alone (absent where the kernel has no swap)',
      source: v2Memory,
      tolerate: ['ENOENT'],
    })
  if (isSet(limit)) {
    // No memory.oom.group: as on v1 and with docker the kernel chooses one process, and its parent is told.
    const why = 'hard memory limit: above it the OOM killer ends a process of the container'
    writes.push({
      file: 'memory.max',
      value: unlimited(bytes('limit', limit)),
      why,
      source: v2Memory,
    })
  }
  if (isSet(reservation))
    writes.push({
      file: 'memory.low',
      value: unlimited(bytes('reservation', reservation)),
      why: 'memory that is reclaimed last',
      source: v2Memory,
    })
  return writes
}

function v1Limits(
  memory: MemoryResources,
  { swapAccounting, warnings }: LimitContext,
): LimitWrite[] {
  const { limit, swap, reservation, kernelTCP, swappiness } = memory
  const writes: LimitWrite[] = []
  const add = (file: string, value: string, why: string): void => {
    writes.push({ file: `memory.${file}`, value, why, source: v1Memory })
  }
  if (isSet(limit))
    add('limit_in_bytes', bytes('limit', limit), 'hard memory limit, above it the OOM killer acts')
  if (isSet(swap)) {
    if (bytes('swap', swap) !== '-1') requireSwapAboveLimit(swap, limit)
    if (swapAccounting)
      add('memsw.limit_in_bytes', bytes('swap', swap), 'limit of memory plus swap; after memory')
    else warnings.push('the swap limit is ignored: this kernel does not count swap (swapaccount=1)')
  }
  if (isSet(reservation))
    add('soft_limit_in_bytes', bytes('reservation', reservation), 'memory that is reclaimed last')
  if (isSet(kernelTCP))
    add('kmem.tcp.limit_in_bytes', bytes('kernelTCP', kernelTCP), 'limit of TCP buffer memory')
  if (swappiness !== undefined)
    add(
      'swappiness',
      requireInteger('memory.swappiness', swappiness, 0, 100),
      'how eagerly anonymous memory is swapped',
    )
  if (memory.disableOOMKiller)
    add('oom_control', '1', 'processes wait for memory in place of being killed')
  return writes
}
