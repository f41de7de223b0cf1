import { hasCode } from '../../native/error.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { removeGroup } from '../cgroup/remove-group.ts'
import { withdrawPorts } from '../network/withdraw-ports.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import { readProcessFile } from './monitor-files.ts'
import type { ProcessFile } from './monitor-files.ts'
import { bootId } from '../../native/boot-id.ts'
import { isProcessAlive } from './process-identity.ts'
import type { ContainerRecord } from './record.ts'
import { findStartRecord } from './start-record.ts'

/** Of a damaged file nothing is known: what is in the group is ended then. */
function findProcessFile(stateFolder: string): ProcessFile | undefined {
  try {
    return readProcessFile(stateFolder)
  } catch (error) {
    if (hasCode(error, 'PROTOCOL')) return undefined
    throw error
  }
}

/**
 * Take back whatever the last run of a container may still hold: control groups, addresses, ports.
 * Its monitor does so itself when all goes well; this is for monitors and commands that were
 * killed. Does nothing while the container or its monitor lives. The caller holds its lock.
 */
export function settle(folders: EngineFolders, record: ContainerRecord): void {
  const folder = containerFolder(folders, record.id)
  const start = findStartRecord(folder)
  if (!start) return
  const process = findProcessFile(folder.state)
  const isThisBoot = start.bootId === bootId()
  if (process && isThisBoot) {
    if (isProcessAlive(process.monitorPid, process.monitorStartTicks)) return
    // One that never came to its program dies with its monitor, if a moment later.
    const wasExecuted = process.startedAt !== undefined
    if (wasExecuted && isProcessAlive(process.pid, process.startTicks)) return
  }
  if (isThisBoot) removeGroup(start.cgroup)
  withdrawPorts(folders, record.id, start.leases)
  for (const lease of start.leases) unlinkIfPresent(lease)
}
