import { tryLock } from '../../native/lock.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import { readState } from './read-state.ts'
import { isBeingMade, readRecord } from './record-store.ts'
import { findStartRecord } from './start-record.ts'
import { isSystemError } from '../../native/system-error.ts'

/**
 * Whether a container may still use addresses and ports that it leased: it is being started or changed (its
 * lock is held), it lives, or its monitor has not cleaned up yet.
 *
 * @param path of one lease: it is not held by a container that runs and is not known to have it, as after
 *   a command that was killed while it connected the container to a network
 */
export function mayHoldLeases(folders: EngineFolders, id: string, path?: string): boolean {
  const record = readRecord(folders, id)
  if (!record) return isBeingMade(folders, id)
  try {
    using held = tryLock(containerFolder(folders, id).lock)
    if (!held) return true
    // Under the lock: whoever has leased it has written that down by now.
    const start = path === undefined ? undefined : findStartRecord(containerFolder(folders, id))
    if (path !== undefined && start && !start.leases.includes(path)) return false
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false
    throw error
  }
  const state = readState(folders, record)
  return state.pid !== 0 || state.monitorPid !== 0
}
