import { readdirSync, renameSync, rmSync } from 'node:fs'
import { describeError, hasCode } from '../../native/error.ts'
import { removeGroup } from '../../runtime/cgroup/remove-group.ts'
import {
  containerFolder,
  containersFolder,
  removedFolder,
} from '../../runtime/container/container-folder.ts'
import { withContainerLock } from '../../runtime/container/container-lock.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { readState } from '../../runtime/container/read-state.ts'
import { readRecord } from '../../runtime/container/record-store.ts'
import { settle } from '../../runtime/container/settle.ts'
import { killContainerNow } from '../../runtime/container/stop.ts'
import { findStartRecord } from '../../runtime/container/start-record.ts'
import { isSystemError } from '../../native/system-error.ts'

type Tell = (what: string, error: unknown) => void

/**
 * End what nobody could watch any more, because its files are damaged: otherwise it would run on beside what is started in
 * its place. Containers whose files are whole are left alone.
 */
export async function endDamagedRuns(context: EngineContext, tell: Tell): Promise<void> {
  for (const id of idsOf(context))
    try {
      await endIfDamaged(context, id, tell)
    } catch (error) {
      tell(`end the damaged container ${id.slice(0, 12)}`, error)
    }
}

async function endIfDamaged(context: EngineContext, id: string, tell: Tell): Promise<void> {
  const { folders } = context
  try {
    const record = readRecord(folders, id)
    if (!record) return
    const state = readState(folders, record)
    if (state.status !== 'dead') return
    tell(`container ${id.slice(0, 12)} is ended: its files are damaged`, new Error(state.error))
    // By its pid where that is known, by its control group where that is.
    if (state.pid !== 0) await killContainerNow(context, record)
    await withContainerLock(folders, id, async () => settle(folders, record))
  } catch (error) {
    if (!hasCode(error, 'PROTOCOL')) throw error
    tell(`container ${id.slice(0, 12)} is removed`, new Error(describeError(error)))
    removeUnreadable(context, id)
  }
}

/** Of which not even the options are known. */
function removeUnreadable({ folders }: EngineContext, id: string): void {
  const folder = containerFolder(folders, id)
  const start = findStartRecord(folder)
  if (start) removeGroup(start.cgroup)
  const grave = removedFolder(folders, id)
  renameSync(folder.path, grave)
  rmSync(grave, { recursive: true, force: true })
}

function idsOf({ folders }: EngineContext): string[] {
  try {
    return readdirSync(containersFolder(folders)).filter((name) => /^[0-9a-f]{64}$/.test(name))
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
