import { containerFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import type { EngineFolders } from './folders.ts'
import { timestamp } from './identifier.ts'
import { readExitFile, readProcessFile, writeExitFile } from './monitor-files.ts'
import { readState, unknownExitCode } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { settle } from './settle.ts'

/** Whether a container has ended after its monitor was killed, and no one has taken note of it. */
function isUnseenEnd(folders: EngineFolders, record: ContainerRecord): boolean {
  const { state } = containerFolder(folders, record.id)
  if (!readProcessFile(state) || readExitFile(state)) return false
  const { status, monitorPid } = readState(folders, record)
  return status === 'exited' && monitorPid === 0 && !readExitFile(state)
}

/** Do what its monitor would have done: take back what it held, write down that it has ended. */
export async function recordUnseenEnd(
  context: EngineContext,
  record: ContainerRecord,
): Promise<void> {
  const { folders } = context
  if (!isUnseenEnd(folders, record)) return
  await withContainerLock(folders, record.id, async () => {
    if (!isUnseenEnd(folders, record)) return
    const { error, startedAt } = readState(folders, record)
    settle(folders, record)
    writeExitFile(containerFolder(folders, record.id).state, {
      exitCode: unknownExitCode,
      ...(startedAt === undefined ? {} : { startedAt }),
      finishedAt: timestamp(),
      error,
    })
    publishContainerEvent(folders, record, 'die', { exitCode: String(unknownExitCode) })
  })
}
