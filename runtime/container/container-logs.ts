import { OperationError } from '../../native/error.ts'
import type { LogEntry, LogsOptions } from '../cli/engine.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { readLogs } from './logs/read-logs.ts'
import { readState } from './read-state.ts'
import { resolveContainer } from './record-store.ts'
import { waitForEnd } from './wait.ts'

/** `logs`. @throws {OperationError} `UNSUPPORTED` for a container with the log driver none */
export async function* containerLogs(
  context: EngineContext,
  reference: string,
  options: LogsOptions,
): AsyncGenerator<LogEntry> {
  const { folders } = context
  const record = resolveContainer(folders, reference)
  const { driver } = record.options.log
  if (driver === 'none')
    throw new OperationError(
      'UNSUPPORTED',
      `show the log of ${record.name}`,
      {},
      { hint: 'Its log driver is none: nothing was kept', exitCode: 1 },
    )
  const isLive = (): boolean => {
    const { status, monitorPid } = readState(folders, record)
    return (
      status === 'running' || status === 'paused' || (status === 'restarting' && monitorPid > 0)
    )
  }
  yield* readLogs(
    {
      folder: containerFolder(folders, record.id).logs,
      format: driver,
      isLive,
      ended: () => waitForEnd(folders, record.id),
    },
    options,
  )
}
