import { OperationError } from '../../native/error.ts'
import { containerFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import type { EngineFolders } from './folders.ts'
import { timestamp } from './identifier.ts'
import { readExitFile, readProcessFile, writeExitFile } from './monitor-files.ts'
import { bootId } from '../../native/boot-id.ts'
import { readState, unknownExitCode } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { settle } from './settle.ts'
import { findStartRecord } from './start-record.ts'

/** Whether a container has ended after its monitor was killed, and no one has taken note of it. */
function isUnseenEnd(folders: EngineFolders, record: ContainerRecord): boolean {
  const { state } = containerFolder(folders, record.id)
  if (!readProcessFile(state) || readExitFile(state)) return false
  const { status, monitorPid } = readState(folders, record)
  return status === 'exited' && monitorPid === 0 && !readExitFile(state)
}

/**
 * Do what its monitor would have done: take back what it held, write down that it has ended, and start it again where
 * its restart policy says so. Not after a restart of the machine: nothing but a user starts containers then.
 */
export async function recordUnseenEnd(
  context: EngineContext,
  record: ContainerRecord,
): Promise<void> {
  const { folders } = context
  if (!isUnseenEnd(folders, record)) return
  const isRecorded = await withContainerLock(folders, record.id, async () => {
    if (!isUnseenEnd(folders, record)) return false
    const { error, startedAt } = readState(folders, record)
    settle(folders, record)
    writeExitFile(containerFolder(folders, record.id).state, {
      exitCode: unknownExitCode,
      ...(startedAt === undefined ? {} : { startedAt }),
      finishedAt: timestamp(),
      error,
    })
    publishContainerEvent(folders, record, 'die', { exitCode: String(unknownExitCode) })
    return true
  })
  if (isRecorded && isOfThisBoot(folders, record)) await restartIfWanted(context, record)
}

function isOfThisBoot(folders: EngineFolders, record: ContainerRecord): boolean {
  return findStartRecord(containerFolder(folders, record.id))?.bootId === bootId()
}

async function restartIfWanted(context: EngineContext, record: ContainerRecord): Promise<void> {
  if (record.options.rm || record.options.restart.name === 'no') return
  const { containerEnded } = await import('./ended.ts')
  try {
    await containerEnded(context, record.id)
  } catch (error) {
    // The failure is in the container's record; the command at hand is about something else.
    if (!(error instanceof OperationError)) throw error
  }
}
