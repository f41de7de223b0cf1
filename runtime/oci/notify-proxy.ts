import { spawnSync } from 'node:child_process'
import { OperationError } from '../../native/error.ts'
import { shimPath } from '../../native/paths.ts'
import type { OciContainer } from './oci-record.ts'

/**
 * `start` for a caller that listens for sd_notify(3): comes back when the container has said READY=1, which is passed
 * on, or has ended.
 *
 * @throws {OperationError} `START_FAILED` where the container was not started
 */
export function startNotified({ folder }: OciContainer, socket: string): void {
  const done = spawnSync(shimPath, ['oci-notify', folder.root, folder.id, socket], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (done.status === 0) return
  throw new OperationError(
    'START_FAILED',
    'start a container that notifies its caller',
    { id: folder.id, socket },
    { hint: 'Was it started twice, or its state folder removed?', cause: done.error },
  )
}
