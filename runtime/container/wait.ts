import { monotonicMs } from '../../native/clock.ts'
import { watch } from 'node:fs'
import { existsSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { containerFolder, containersFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import { readExitFile, readProcessFile } from './monitor-files.ts'
import { isProcessAlive } from './process-identity.ts'
import { connectMonitor } from './monitor-connection.ts'
import { isBeingStarted, readState, unknownExitCode } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { readRecord, resolveContainer } from './record-store.ts'

/** How often a start that is under way is looked at, ms. */
const startPollMs = 20

const noStreams = { stdin: false, stdout: false, stderr: false }

/**
 * Wait until the present run of a container has ended and was cleaned up.
 *
 * @param timeoutMs Infinity to wait for ever
 * @returns its exit code, or undefined when the time was over first
 */
export async function waitForEnd(
  folders: EngineFolders,
  id: string,
  timeoutMs?: number,
): Promise<number | undefined> {
  const outcome = await waitForOutcome(folders, id, timeoutMs)
  if (outcome === 'timeout') return undefined
  return outcome === 'started again' ? unknownExitCode : outcome
}

/** An exit code; or it was started again before anybody asked for that of the run before. */
type Outcome = number | 'timeout' | 'started again'

async function waitForOutcome(
  folders: EngineFolders,
  id: string,
  timeoutMs = Number.POSITIVE_INFINITY,
): Promise<Outcome> {
  const deadline = monotonicMs() + timeoutMs
  const { state } = containerFolder(folders, id)
  const connection = await connectMonitor(state, noStreams)
  if (!connection) return waitForOrphan(folders, id, deadline)
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<'timeout'>((resolve) => {
    if (Number.isFinite(timeoutMs)) timer = setTimeout(() => resolve('timeout'), timeoutMs)
  })
  try {
    const outcome = await Promise.race([connection.ended, timeout])
    if (outcome === 'timeout') return outcome
    return outcome ? outcome.exitCode : await waitForOrphan(folders, id, deadline)
  } finally {
    clearTimeout(timer)
    connection.close()
  }
}

/** How often a process without a monitor is looked at, ms: nobody tells us when it ends. */
const orphanPollMs = 20

/** The same for a container whose monitor was killed: its processes may live on. */
async function waitForOrphan(
  folders: EngineFolders,
  id: string,
  deadline: number,
): Promise<Outcome> {
  const { state } = containerFolder(folders, id)
  for (;;) {
    const process = readProcessFile(state)
    const lives = process && isProcessAlive(process.pid, process.startTicks)
    if (!lives || readExitFile(state)) return readEndedCode(folders, id)
    if (monotonicMs() >= deadline) return 'timeout'
    await new Promise((resolve) => setTimeout(resolve, orphanPollMs))
  }
}

function readEndedCode(folders: EngineFolders, id: string): Outcome {
  const exit = readExitFile(containerFolder(folders, id).state)
  if (exit?.exitCode !== undefined) return exit.exitCode
  const record = readRecord(folders, id)
  if (!record) return unknownExitCode
  const { status, error, exitCode } = readState(folders, record)
  // Somebody may have started it again by now: that run has no code yet, and nobody saw that of the one before.
  return status === 'exited' || error !== '' ? exitCode : 'started again'
}

/**
 * `wait`: until the container does not run, until it is removed, or until it runs.
 *
 * @throws {OperationError} `NOT_FOUND`
 */
export async function waitContainer(
  folders: EngineFolders,
  reference: string,
  condition: 'stopped' | 'removed' | 'running' = 'stopped',
): Promise<number> {
  const record = resolveContainer(folders, reference)
  const { path } = containerFolder(folders, record.id)
  if (condition === 'running') {
    await watchUntil(path, () => readState(folders, record).status === 'running')
    return 0
  }
  const exitCode = await waitUntilStopped(folders, record)
  if (condition === 'removed') await watchUntil(containersFolder(folders), () => !existsSync(path))
  return exitCode
}

/** Of a container that a restart policy, or a user, starts again meanwhile: the first end that is seen. */
async function waitUntilStopped(folders: EngineFolders, record: ContainerRecord): Promise<number> {
  for (;;) {
    // A start that is under way is waited for: its container does run in a moment. Asked again and again,
    // for the death of whoever starts it changes no file.
    let state = readState(folders, record)
    while (isBeingStarted(folders, record, state)) {
      await new Promise((resolve) => setTimeout(resolve, startPollMs))
      state = readState(folders, record)
    }
    // One and the same look: at the next it may be starting again.
    const { status } = state
    const isLive = status === 'running' || status === 'paused' || status === 'restarting'
    if (!isLive) return state.exitCode
    const outcome = await waitForOutcome(folders, record.id)
    if (typeof outcome === 'number') return outcome
  }
}

/** Wait until `isReached`, asked again at each change below `folder` (inotify(7)). */
async function watchUntil(folder: string, isReached: () => boolean): Promise<void> {
  if (isReached()) return
  await new Promise<void>((resolve, reject) => {
    let watcher: ReturnType<typeof watch>
    try {
      watcher = watch(folder, { recursive: true })
    } catch (cause) {
      reject(new OperationError('NOT_FOUND', 'watch a container', { folder }, { cause }))
      return
    }
    const check = (): void => {
      if (!isReached()) return
      watcher.close()
      resolve()
    }
    watcher.on('change', check)
    watcher.on('error', reject)
    check()
  })
}
