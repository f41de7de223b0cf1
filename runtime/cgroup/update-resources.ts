import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { applyPlan } from './apply-plan.ts'
import { readGroupFile, readGroupNumber, writeGroupFile } from './cgroup-files.ts'
import type { CgroupLocation, CgroupPlan, CgroupWrite } from './cgroup-plan.ts'
import type { CgroupHierarchy } from './hierarchy.ts'
import { listPids } from './list-pids.ts'
import { isSet } from './limits/limit-write.ts'
import { planCgroup } from './plan-cgroup.ts'
import { readStats } from './read-stats.ts'
import type { CgroupResources, MemoryResources } from './resources.ts'

export interface UpdateRequest {
  readonly location: CgroupLocation
  readonly hierarchy: CgroupHierarchy
  /** Only what is to change; device rules are not changed. */
  readonly resources: CgroupResources
  readonly rootless: boolean
}

/**
 * Change the limits of a running container. On a v1 host a controller that the container has
 * not joined yet is joined now, with all of its processes.
 *
 * Undone when a value is refused.
 *
 * @returns the location to record from now on, and what was left out safely
 * @throws {OperationError} `INVALID_SPEC`, `UNSUPPORTED`, or `SYSCALL_FAILED` naming the file
 */
export function updateResources(request: UpdateRequest): {
  location: CgroupLocation
  warnings: readonly string[]
} {
  const { location, hierarchy, rootless } = request
  const { devices: _unchanged, memory, ...others } = request.resources
  const resources = { ...others, memory: memory && withPresentLimit(memory, location) }
  const plan = planCgroup({ hierarchy, resources, cgroupPath: location.path, rootless })
  if (resources.memory?.checkBeforeUpdate) requireRoom(location, resources.memory.limit)
  const joins = Object.entries(plan.location.v1).filter(([name]) => location.v1[name] === undefined)
  applyPlan({ ...plan, limits: [], prepare: neededPreparation(plan, joins) }, { isNew: false })
  writeInWorkableOrder(plan.limits)
  for (const [, folder] of joins) moveProcesses(location, folder)
  return {
    location: { ...location, v1: { ...location.v1, ...plan.location.v1 } },
    warnings: plan.warnings,
  }
}

// Swap is given as memory plus swap, so that a change of swap alone needs the limit in force.
function withPresentLimit(memory: MemoryResources, location: CgroupLocation): MemoryResources {
  const { memory: present } = readStats(location)
  const isNeeded = isSet(memory.swap) && memory.swap > 0 && !isSet(memory.limit)
  return isNeeded ? { ...memory, limit: present.limitBytes } : memory
}

// Inheritance must not widen a cpuset that the container has already.
function neededPreparation(
  plan: CgroupPlan,
  joins: readonly (readonly [string, string])[],
): readonly CgroupWrite[] {
  const isNew = joins.some(([name]) => name === 'cpuset')
  return plan.prepare.filter(({ file }) => isNew || !/\/cpuset\.(cpus|mems)$/.test(file))
}

function requireRoom(location: CgroupLocation, limit: number | bigint | undefined): void {
  const usage =
    readGroupNumber(location.v2, 'memory.current') ??
    readGroupNumber(location.v1['memory'], 'memory.usage_in_bytes')
  if (limit === undefined || limit < 0 || usage === undefined || usage <= limit) return
  throw new OperationError(
    'BAD_STATE',
    'lower the memory limit',
    { limit, usage },
    { hint: 'The container uses more than that now: free memory in it first' },
  )
}

// Related limits depend on each other (memory and memory+swap, quota and burst), and which may go
// first depends on whether they rise or fall. So what is refused at first is tried again after the
// others; the kernel knows the order.
function writeInWorkableOrder(writes: readonly CgroupWrite[]): void {
  const before = writes.map(({ file }) => ({ file, value: readOneLine(file) }))
  try {
    for (const { file, value, why, tolerate } of writes.filter(isRefused))
      writeGroupFile(file, value, why, tolerate)
  } catch (error) {
    // Twice, because the old values depend on each other as well.
    for (const { file, value } of [...before, ...before.toReversed()])
      if (value !== undefined)
        writeGroupFile(file, value, 'restore the limit', ['EINVAL', 'EBUSY', 'ENOENT'])
    throw error
  }
}

function isRefused({ file, value, why, tolerate = [] }: CgroupWrite): boolean {
  return !writeGroupFile(file, value, why, [...tolerate, 'EINVAL', 'EBUSY'])
}

function readOneLine(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return text === '' || text.includes('\n') ? undefined : text
  } catch {
    return undefined
  }
}

// A process that forks while it is moved leaves a child behind; go on until none is left.
function moveProcesses(location: CgroupLocation, folder: string): void {
  for (let round = 0; round < 100; round++) {
    const there = new Set((readGroupFile(folder, 'cgroup.procs') ?? '').split('\n'))
    const missing = listPids(location).filter((pid) => !there.has(String(pid)))
    if (missing.length === 0) return
    for (const pid of missing)
      writeGroupFile(`${folder}/cgroup.procs`, String(pid), 'bring a process under the limit', [
        'ESRCH',
      ])
  }
}
