import { monotonicMs } from '../../native/clock.ts'
import { rmdirSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { errnoOf, foldersOf } from './cgroup-files.ts'
import type { CgroupLocation } from './cgroup-plan.ts'
import { isPopulated, killAll } from './kill-all.ts'
import { listGroupTree, listPids, listPidsIn } from './list-pids.ts'
import { waitUntil } from './wait-until.ts'

/**
 * Kill what lives in the group, wait until it is empty, and remove it with all groups below it,
 * in every hierarchy. A group that is gone already is fine.
 *
 * @param deadlineMs longest wait in milliseconds
 * @throws {OperationError} `TIMEOUT` naming processes that do not die, or a folder that stays busy
 */
export function removeGroup(location: CgroupLocation, deadlineMs = 10_000): void {
  const end = monotonicMs() + deadlineMs
  const remaining = (): number => Math.max(0, end - monotonicMs())
  emptyGroup(location, deadlineMs)
  for (const folder of foldersOf(location)) removeTree(folder, remaining())
}

/**
 * Kill what lives in the group, and wait until it is empty.
 *
 * @param deadlineMs longest wait in milliseconds
 * @throws {OperationError} `TIMEOUT` naming processes that do not die
 */
export function emptyGroup(location: CgroupLocation, deadlineMs = 10_000): void {
  if (!isPopulated(location)) return
  killAll(location)
  if (!waitUntil(() => !isPopulated(location), deadlineMs)) reportSurvivors(location)
}

function reportSurvivors(location: CgroupLocation): never {
  throw new OperationError(
    'TIMEOUT',
    'end the processes of a control group',
    { group: location.path, pids: listPids(location).slice(0, 10).join(',') },
    { hint: 'They sleep inside the kernel (state D); see /proc/PID/stack and try again later' },
  )
}

// rmdir answers EBUSY for a moment after the last process has gone: its exit is still being
// accounted. In v1 a process may also have been left behind in one hierarchy only.
function removeTree(folder: string, deadlineMs: number): void {
  let last = ''
  const isGone = (): boolean => {
    for (const group of listGroupTree(folder)) {
      last = tryRemove(group)
      if (last !== '') return false
    }
    return true
  }
  if (waitUntil(isGone, deadlineMs)) return
  throw new OperationError(
    'TIMEOUT',
    'remove a control group',
    { folder, errno: last, pids: listPidsIn(folder).slice(0, 10).join(',') },
    { hint: 'Something was moved into it; end or move the named processes' },
  )
}

function tryRemove(folder: string): string {
  try {
    rmdirSync(folder)
    return ''
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ENOENT') return ''
    if (errno === 'EBUSY' || errno === 'ENOTEMPTY') return errno
    throw new OperationError(
      'SYSCALL_FAILED',
      'remove a control group',
      { folder, errno },
      { cause: error },
    )
  }
}
