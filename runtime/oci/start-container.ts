import { closeSync, constants, openSync, unlinkSync, writeSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { deleteContainer } from './delete-container.ts'
import { type OciContainer, readContainer, requireStatus } from './oci-record.ts'
import { readStoredConfig } from './stored-config.ts'

/**
 * `start`: let the program of a created container run.
 *
 * @throws {OperationError} `BAD_STATE` where it was started before; `START_FAILED` where a poststart hook fails: the
 *   container is destroyed then, as the specification asks since 1.3.0
 */
export async function startContainer(root: string, id: string): Promise<void> {
  const container = readContainer(root, id)
  requireStatus(container, 'start', 'created')
  const { poststart } = readStoredConfig(container.folder).hooks ?? {}
  const { notifySocket } = container.record
  if (notifySocket !== undefined) {
    const { startNotified } = await import('./notify-proxy.ts')
    startNotified(container, notifySocket)
  } else openGate(container)
  if ((poststart ?? []).length === 0) return
  const { runHostHooks } = await import('./run-hooks.ts')
  const failure = runHostHooks(poststart, container.record, 'running', container.pid)
  if (!failure) return
  await deleteContainer(root, id, { force: true, warn: () => undefined })
  throw failure
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
