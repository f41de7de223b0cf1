import { monotonicMs } from '../../native/clock.ts'
import { OperationError } from '../../native/error.ts'
import type { StopOptions } from '../cli/engine.ts'
import { thaw } from '../cgroup/freeze.ts'
import { killAll } from '../cgroup/kill-all.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { requestStop } from './monitor-files.ts'
import { parseSignal } from './parse/signal.ts'
import { isBeingStarted, readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { resolveContainer } from './record-store.ts'
import type { ContainerState } from './state.ts'
import { signalInit } from './signal.ts'
import { findStartRecord } from './start-record.ts'
import { explainUnheardSignal } from './unheard-signal.ts'
import { recordUnseenEnd } from './unseen-end.ts'
import { waitForEnd } from './wait.ts'

/** Docker's default, seconds. */
const defaultStopTimeout = 10

/** How long the kernel may take to end processes after SIGKILL, ms; uninterruptible I/O can. */
const killPatienceMs = 30_000

/**
 * Ask a container's init to end, and kill everything in it when it does not in time. Nothing to do
 * for one that does not run; one that waits for a restart is no longer restarted.
 *
 * @throws {OperationError} `NOT_FOUND`; `TIMEOUT` where even SIGKILL did not end it
 */
export async function stopContainer(
  context: EngineContext,
  reference: string,
  options: StopOptions,
): Promise<void> {
  const record = resolveContainer(context.folders, reference)
  const { untilBoot } = options
  const state = await cancelRestart(context, record, untilBoot)
  if (state.status !== 'running' && state.status !== 'paused') return
  requestStop(containerFolder(context.folders, record.id).state, untilBoot)
  const signal = parseSignal(options.signal ?? record.resolved.stopSignal)
  const seconds = options.timeout ?? record.options.stopTimeout ?? defaultStopTimeout
  const start = findStartRecord(containerFolder(context.folders, record.id))
  const isSent = signalInit(record.name, state, signal)
  // A frozen process takes its signals when it is thawed.
  if (state.status === 'paused' && start) thaw(start.cgroup)
  const timeoutMs = seconds < 0 ? Number.POSITIVE_INFINITY : seconds * 1000
  const hasEnded =
    !isSent || (await waitForEnd(context.folders, record.id, timeoutMs)) !== undefined
  if (!hasEnded) {
    if (seconds > 0) options.warn?.(explainUnheardSignal(record.name, state.pid, signal, seconds))
    await killContainerNow(context, record)
  }
  await recordUnseenEnd(context, record)
  publishContainerEvent(context.folders, record, 'stop')
}

/** How often a restart that is under way is looked at, ms. */
const restartPollMs = 20

/** No restart any more; one that had gone too far has come about, and is the state to stop. */
async function cancelRestart(
  { folders }: EngineContext,
  record: ContainerRecord,
  untilBoot?: boolean,
): Promise<ContainerState> {
  const folder = containerFolder(folders, record.id)
  const deadline = monotonicMs() + killPatienceMs
  for (;;) {
    const state = readState(folders, record)
    if (state.status === 'restarting') requestStop(folder.state, untilBoot)
    const isBetween =
      state.status === 'restarting' ||
      (state.status === 'exited' && state.monitorPid !== 0) ||
      isBeingStarted(folders, record, state)
    if (!isBetween || monotonicMs() > deadline) return state
    await new Promise((resolve) => setTimeout(resolve, restartPollMs))
  }
}

/** SIGKILL to every process of a container, and wait for its end. */
export async function killContainerNow(
  context: EngineContext,
  record: ContainerRecord,
): Promise<void> {
  const state = readState(context.folders, record)
  if (state.pid === 0) return
  const start = findStartRecord(containerFolder(context.folders, record.id))
  signalInit(record.name, state, 9)
  if (start) killAll(start.cgroup)
  if ((await waitForEnd(context.folders, record.id, killPatienceMs)) === undefined)
    throw new OperationError(
      'TIMEOUT',
      `kill the container ${record.name}`,
      { pid: state.pid },
      { hint: 'A process of it hangs in the kernel; see "mycontainer top" and /proc/PID/stack' },
    )
}
