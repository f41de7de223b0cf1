import { chmodSync, closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError, hasCode, OperationError } from '../../native/error.ts'
import { createContainer } from '../../runtime/container/create.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import type { ContainerOptions } from '../../runtime/container/options.ts'
import { readState } from '../../runtime/container/read-state.ts'
import type { ContainerRecord } from '../../runtime/container/record.ts'
import { listRecords, readRecord } from '../../runtime/container/record-store.ts'
import { removeContainer } from '../../runtime/container/remove.ts'
import { startContainer } from '../../runtime/container/start.ts'
import type { StartedContainer } from '../../runtime/container/start.ts'
import { waitForEnd } from '../../runtime/container/wait.ts'
import { podLabels } from './container-options.ts'
import type { ContainerRun } from './pod-containers.ts'

// Runs of containers as the runtime has them: nothing here is remembered that the runtime does not know.

/** A run that has begun; `ended` is fulfilled with how it ended. */
export interface StartedRun {
  readonly run: ContainerRun
  readonly ended: Promise<ContainerRun>
}

/** The system calls of a start, and what each took. */
export type RunSteps = Pick<StartedContainer, 'program' | 'trace'>

export interface RunWatch {
  readonly onCreated: (record: ContainerRecord) => void
  readonly onStarted: (steps: RunSteps) => void
}

/** The first and most that is read of what a container left for its status. */
const messageLimit = 4096

/** Where a container may leave a message, before it is mounted. */
export function makeMessageFile(folder: string, name: string, attempt: number): string {
  const path = join(folder, 'containers', name)
  mkdirSync(path, { recursive: true, mode: 0o755 })
  const file = join(path, `${attempt}.message`)
  writeFileSync(file, '')
  // Whoever the container's user is; the umask is not to count.
  chmodSync(file, 0o666)
  return file
}

/** @throws {OperationError} as `createContainer` and `startContainer`; a container that cannot be started is gone then */
export async function startRun(
  context: EngineContext,
  options: ContainerOptions,
  messageFile: string,
  { onCreated, onStarted }: RunWatch,
): Promise<StartedRun> {
  const record = await createFresh(context, options)
  try {
    onCreated(record)
    const started = await startContainer(context, record, { hold: false, trace: true })
    onStarted(started)
    const ended = started.ended
      // The channel to the shim may have been lost: then the container's files tell.
      .then(async (outcome) => void (outcome ?? (await waitForEnd(context.folders, record.id))))
      .then(() => readRun(context, record, messageFile))
    return { run: { ...readRun(context, record, messageFile), isRunning: true }, ended }
  } catch (error) {
    await removeContainer(context, record.id, { force: true, volumes: true }).catch(() => undefined)
    throw error
  }
}

/** What an agent that was killed left half made has the name already. */
async function createFresh(
  context: EngineContext,
  options: ContainerOptions,
): Promise<ContainerRecord> {
  try {
    return await createContainer(context, options)
  } catch (error) {
    if (!hasCode(error, 'ALREADY_EXISTS')) throw error
    await removeContainer(context, options.name ?? '', { force: true, volumes: true })
    return createContainer(context, options)
  }
}

/** Every container of a pod that the runtime knows, oldest run first. */
export function findRuns(context: EngineContext): Map<string, ContainerRecord[]> {
  const pods = new Map<string, ContainerRecord[]>()
  for (const record of listRecords(context.folders)) {
    const uid = record.options.labels[podLabels.uid]
    if (uid !== undefined) pods.set(uid, [...(pods.get(uid) ?? []), record])
  }
  const attempt = ({ options }: ContainerRecord): number =>
    Number(options.labels[podLabels.attempt])
  for (const records of pods.values()) records.sort((a, b) => attempt(a) - attempt(b))
  return pods
}

/** Wait for the end of a run that somebody else has started. */
export async function followRun(
  context: EngineContext,
  record: ContainerRecord,
  messageFile: string,
): Promise<ContainerRun> {
  await waitForEnd(context.folders, record.id)
  return readRun(context, record, messageFile)
}

export function readRun(
  context: EngineContext,
  record: ContainerRecord,
  messageFile: string,
): ContainerRun {
  const state = readState(context.folders, record)
  const isRunning = state.status === 'running' || state.status === 'paused'
  const reason = state.oomKilled ? 'OOMKilled' : state.exitCode === 0 ? 'Completed' : 'Error'
  return {
    id: record.id,
    attempt: Number(record.options.labels[podLabels.attempt] ?? 0),
    imageId: record.imageId,
    isRunning,
    startedAt: state.startedAt,
    finishedAt: state.finishedAt,
    exitCode: state.exitCode,
    reason: isRunning ? '' : reason,
    message: isRunning ? '' : readMessage(messageFile),
  }
}

function readMessage(path: string): string {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return ''
  }
  try {
    const bytes = Buffer.alloc(messageLimit)
    return bytes.subarray(0, readSync(file, bytes)).toString()
  } finally {
    closeSync(file)
  }
}

export async function removeRun(context: EngineContext, id: string): Promise<void> {
  if (id === '' || !readRecord(context.folders, id)) return
  try {
    await removeContainer(context, id, { force: true, volumes: true })
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND')) throw error
  }
}

/** A run that never came about: what the container's status says of it. */
export function failedRun(attempt: number, error: unknown): ContainerRun {
  const now = new Date().toISOString()
  return {
    id: '',
    attempt,
    imageId: '',
    isRunning: false,
    startedAt: undefined,
    finishedAt: now,
    exitCode: error instanceof OperationError && error.exitCode === 126 ? 126 : 128,
    reason: 'StartError',
    message: describeError(error),
  }
}
