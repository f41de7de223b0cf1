import { existsSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { readGroupFile, readKeyedNumbers, writeGroupFile } from './cgroup-files.ts'
import type { CgroupLocation } from './cgroup-plan.ts'
import { waitUntil } from './wait-until.ts'

const DEADLINE_MS = 10_000

interface Freezer {
  readonly file: string
  readonly values: { readonly frozen: string; readonly thawed: string }
  readonly isFrozen: () => boolean
}

/** Whether the kernel reports all processes of the group as stopped. */
export function isFrozen(location: CgroupLocation): boolean {
  return findFreezer(location)?.isFrozen() ?? false
}

/**
 * Stop every process of the group and wait until all have stopped.
 *
 * @param deadlineMs longest wait in milliseconds, then the group is thawed again
 * @throws {OperationError} `UNSUPPORTED` without a freezer, `TIMEOUT` when a process does not stop
 */
export function freeze(location: CgroupLocation, deadlineMs = DEADLINE_MS): void {
  const freezer = requireFreezer(location, 'freeze')
  writeGroupFile(freezer.file, freezer.values.frozen, 'stop all processes')
  // A v1 group that a process joined meanwhile stays in FREEZING until it is told again.
  const isDone = (): boolean => {
    if (freezer.isFrozen()) return true
    if (location.v2 === undefined) writeGroupFile(freezer.file, freezer.values.frozen, 'again')
    return false
  }
  if (waitUntil(isDone, deadlineMs)) return
  writeGroupFile(freezer.file, freezer.values.thawed, 'undo the freeze')
  throw new OperationError(
    'TIMEOUT',
    'freeze the container',
    { group: freezer.file, deadlineMs },
    { hint: 'A process sleeps inside the kernel (state D, a hanging disk or network mount)' },
  )
}

/**
 * Let every process of the group run on.
 *
 * @throws {OperationError} `UNSUPPORTED` without a freezer, `TIMEOUT` when a parent is frozen
 */
export function thaw(location: CgroupLocation, deadlineMs = DEADLINE_MS): void {
  const freezer = requireFreezer(location, 'thaw')
  writeGroupFile(freezer.file, freezer.values.thawed, 'let all processes run on')
  if (waitUntil(() => !freezer.isFrozen(), deadlineMs)) return
  throw new OperationError(
    'TIMEOUT',
    'thaw the container',
    { group: freezer.file, deadlineMs },
    { hint: 'A group above it is frozen: thaw that one' },
  )
}

function findFreezer({ v2, v1 }: CgroupLocation): Freezer | undefined {
  if (v2 !== undefined && existsSync(`${v2}/cgroup.freeze`))
    return {
      file: `${v2}/cgroup.freeze`,
      values: { frozen: '1', thawed: '0' },
      isFrozen: () => readKeyedNumbers(v2, 'cgroup.events').get('frozen') === 1,
    }
  const folder = v1['freezer']
  if (folder === undefined) return undefined
  return {
    file: `${folder}/freezer.state`,
    values: { frozen: 'FROZEN', thawed: 'THAWED' },
    isFrozen: () => readGroupFile(folder, 'freezer.state')?.trim() === 'FROZEN',
  }
}

function requireFreezer(location: CgroupLocation, verb: string): Freezer {
  const freezer = findFreezer(location)
  if (freezer) return freezer
  throw new OperationError(
    'UNSUPPORTED',
    `${verb} the container`,
    { group: location.path },
    { hint: 'The host needs cgroup v2 of Linux 5.2, or the v1 freezer; is the container running?' },
  )
}
