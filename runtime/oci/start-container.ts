import { closeSync, constants, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import { waitUntil } from '../cgroup/wait-until.ts'
import type { Hooks } from '../spec/config.ts'
import { deleteContainer } from './delete-container.ts'
import { type OciContainer, readContainer, requireStatus } from './oci-record.ts'
import { readStoredConfig } from './stored-config.ts'

/**
 * `start`: let the program of a created container run.
 *
 * @param warn told of a poststop hook that fails
 * @throws {OperationError} `BAD_STATE` where it was started before; `INVALID_SPEC` where it has no program;
 *   `START_FAILED` where a startContainer or poststart hook fails: the container is destroyed then
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle steps 7 to 9
 */
export async function startContainer(
  root: string,
  id: string,
  warn: (message: string) => void,
): Promise<void> {
  const container = readContainer(root, id)
  requireStatus(container, 'start', 'created')
  const { process, hooks = {} } = readStoredConfig(container.folder)
  if (process === undefined) refuseEmpty(id)
  const failure = await startWithHooks(container, hooks)
  if (!failure) return
  await deleteContainer(root, id, { force: true, warn })
  throw failure
}

async function startWithHooks(
  container: OciContainer,
  { startContainer: inner = [], poststart = [] }: Hooks,
): Promise<OperationError | undefined> {
  const { record, folder, pid } = container
  const isWatched = inner.length + poststart.length > 0
  const news = isWatched
    ? openSync(folder.started, constants.O_RDONLY | constants.O_NONBLOCK)
    : undefined
  await letGo(container)
  if (news === undefined) return undefined
  if (!isThroughHooks(news))
    return new OperationError(
      'START_FAILED',
      'run the startContainer hooks: one has failed, and the program was not run',
      { id: record.id },
      { hint: 'The standard error of the container says which' },
    )
  const { runHostHooks } = await import('./run-hooks.ts')
  return runHostHooks(poststart, record, 'running', pid)
}

async function letGo(container: OciContainer): Promise<void> {
  const { notifySocket } = container.record
  if (notifySocket === undefined) return openGate(container)
  const { startNotified } = await import('./notify-proxy.ts')
  startNotified(container, notifySocket)
}

/** Wait for the end of file that is the program's execve, or the end of the init; a byte before tells which. */
function isThroughHooks(news: number): boolean {
  let length = 0
  waitUntil(() => {
    const more = readNow(news)
    length += more ?? 0
    return more === 0
  }, Infinity)
  closeSync(news)
  return length > 0
}

/** @returns bytes read, 0 at the end; undefined where there is nothing yet */
function readNow(fd: number): number | undefined {
  try {
    return readSync(fd, Buffer.alloc(8))
  } catch (error) {
    if (isSystemError(error, 'EAGAIN')) return undefined
    throw error
  }
}

function refuseEmpty(id: string): never {
  throw new OperationError(
    'INVALID_SPEC',
    'start a container that has no program',
    { id, missing: 'process' },
    { hint: 'Delete it, add "process" to config.json and create it again' },
  )
}

/** Whoever removes the gate's name is the one who opens it. */
function openGate({ folder }: OciContainer): void {
  const gate = openSync(folder.gate, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    unlinkSync(folder.gate)
    writeSync(gate, '\0')
  } catch (cause) {
    throw new OperationError(
      'BAD_STATE',
      'cannot start a container twice',
      { id: folder.id },
      { cause },
    )
  } finally {
    closeSync(gate)
  }
}
