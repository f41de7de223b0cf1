import { OperationError } from '../../native/error.ts'
import { thaw } from '../cgroup/freeze.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { requestStop } from './monitor-files.ts'
import { parseSignal } from './parse/signal.ts'
import { readState } from './read-state.ts'
import { resolveContainer } from './record-store.ts'
import { signalInit } from './signal.ts'
import { readStartRecord } from './start-record.ts'
import { waitForEnd } from './wait.ts'

const SIGKILL = 9

/**
 * Send a signal to the init of a running container; with SIGKILL, wait until it has ended.
 *
 * @param signal name or number, as docker takes it
 * @throws {OperationError} `NOT_FOUND`, `BAD_STATE`
 */
export async function killContainer(
  context: EngineContext,
  reference: string,
  signal: string,
): Promise<void> {
  const record = resolveContainer(context.folders, reference)
  const number = parseSignal(signal)
  const state = readState(context.folders, record)
  if (state.status !== 'running' && state.status !== 'paused')
    throw new OperationError(
      'BAD_STATE',
      `kill the container ${record.name}`,
      { status: state.status },
      { hint: 'Only a running container can be killed', exitCode: 1 },
    )
  const folder = containerFolder(context.folders, record.id)
  // A kill by a user is not a crash: the restart policy rests, as with docker.
  if (number === SIGKILL || number === parseSignal(record.resolved.stopSignal))
    requestStop(folder.state)
  signalInit(record.name, state, number)
  publishContainerEvent(context.folders, record, 'kill', { signal: String(number) })
  const start = readStartRecord(folder)
  if (state.status === 'paused' && number === SIGKILL && start) thaw(start.cgroup)
  if (number === SIGKILL) await waitForEnd(context.folders, record.id)
}
