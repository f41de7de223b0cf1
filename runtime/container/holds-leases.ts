import { tryLock } from '../../native/lock.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import { readState } from './read-state.ts'
import { isBeingMade, readRecord } from './record-store.ts'
import { isSystemError } from '../../native/system-error.ts'

/**
 * Whether a container may still use addresses and ports that it leased: it is being started (its
 * lock is held), it lives, or its monitor has not cleaned up yet.
 */
export function mayHoldLeases(folders: EngineFolders, id: string): boolean {
  const record = readRecord(folders, id)
  if (!record) return isBeingMade(folders, id)
  try {
    using held = tryLock(containerFolder(folders, id).lock)
    if (!held) return true
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false
    throw error
  }
  const state = readState(folders, record)
  return state.pid !== 0 || state.monitorPid !== 0
}
