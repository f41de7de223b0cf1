import { mkdirSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { errnoOf, writeGroupFile } from './cgroup-files.ts'
import type { CgroupPlan } from './cgroup-plan.ts'
import { removeGroup } from './remove-group.ts'

/**
 * Make the folders of a plan and write its limits, from this process. (A container's program
 * does the same by system calls of its own.) Undone when a step fails.
 *
 * @param options.isNew refuse a group that exists already (default true)
 * @throws {OperationError} `ALREADY_EXISTS`, or `SYSCALL_FAILED` naming the file
 */
export function applyPlan(plan: CgroupPlan, { isNew = true }: { isNew?: boolean } = {}): void {
  let isOurs = false
  try {
    for (const { path, isShared } of plan.folders) {
      const isMade = makeFolder(path, isShared || !isNew)
      isOurs ||= isMade && !isShared
    }
    for (const { file, value, why, tolerate } of [...plan.prepare, ...plan.limits])
      writeGroupFile(file, value, why, tolerate)
  } catch (error) {
    if (isNew && isOurs) removeGroup(plan.location)
    throw error
  }
}

/** @returns whether it was made just now */
function makeFolder(path: string, mayExist: boolean): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (cause) {
    const errno = errnoOf(cause)
    if (errno === 'EEXIST' && mayExist) return false
    if (errno === 'EEXIST')
      throw new OperationError('ALREADY_EXISTS', 'make a control group', { path }, { cause })
    throw new OperationError(
      'SYSCALL_FAILED',
      'make a control group',
      { path, errno },
      { cause, hint: 'See "mycontainer doctor" for where this user may make control groups' },
    )
  }
}
