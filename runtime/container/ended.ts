import { OperationError } from '../../native/error.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { isStopRequested, readExitFile } from './monitor-files.ts'
import { readState, restartApplies } from './read-state.ts'
import { readRecord } from './record-store.ts'
import { removeContainer } from './remove.ts'
import { startContainer } from './start.ts'
import { readStartRecord } from './start-record.ts'

/** A run that lasted this long counts as a success: the series of restarts begins anew (moby). */
const goodRunMs = 10_000

/**
 * What a monitor has us do when its container has ended: restart it as its policy says, or remove
 * what it could not. The monitor has waited the back-off already.
 */
export async function containerEnded(context: EngineContext, id: string): Promise<void> {
  const { folders } = context
  const record = readRecord(folders, id)
  if (!record) return
  const folder = containerFolder(folders, id)
  const exit = readExitFile(folder.state)
  const start = readStartRecord(folder)
  if (!exit || !start) return
  if (record.options.rm)
    return removeContainer(context, id, { force: true, volumes: true }).catch(ignoreMissing)
  if (isStopRequested(folder.state)) return
  const restartCount = start.restartCount
  if (!restartApplies(record, exit.exitCode ?? 0, restartCount)) return
  const ranFor = Date.parse(exit.finishedAt) - Date.parse(exit.startedAt ?? exit.finishedAt)
  // A user may have started it meanwhile.
  if (readState(folders, record).pid !== 0) return
  const isUnlimited = record.options.restart.maximumRetryCount === 0
  await startContainer(context, record, {
    hold: false,
    restartCount: ranFor >= goodRunMs && isUnlimited ? 0 : restartCount + 1,
  })
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof OperationError && error.code === 'NOT_FOUND')) throw error
}
