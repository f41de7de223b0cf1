import { OperationError } from '../../native/error.ts'
import { hostUser } from '../../runtime/container/folders.ts'

/** @throws {OperationError} `UNSUPPORTED` for ordinary users: bridges, routes and mounts of a cluster are the machine's */
export function requireRoot(step: string): void {
  const user = hostUser(process.env)
  if (user === 0) return
  throw new OperationError(
    'UNSUPPORTED',
    step,
    { user },
    { exitCode: 1, hint: 'Clusters of this machine are for root: try again with "sudo"' },
  )
}
