import { chmodSync, chownSync, lstatSync, unlinkSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { OperationError } from '../../native/error.ts'
import { readPeerCredentials } from '../../native/peer-credentials.ts'
import { isSystemError } from '../../native/system-error.ts'

/** Only root and the user who serves; the kernel says who it is (SO_PEERCRED). */
export function isAllowed(socket: Socket): boolean {
  const handle: unknown = Reflect.get(socket, '_handle')
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  if (typeof descriptor !== 'number' || descriptor < 0) return false
  const { uid } = readPeerCredentials(descriptor)
  return uid === 0 || uid === process.geteuid?.()
}

function giveToGroup(server: Server, path: string, gid: number): void {
  try {
    chownSync(path, -1, gid)
  } catch (cause) {
    server.close()
    throw new OperationError(
      'INVALID_ARGUMENT',
      'give a socket to a group',
      { path, gid },
      { cause, hint: 'An ordinary user’s namespace has none of the host’s groups but their own' },
    )
  }
}

/** Listen at `path`, whose file gets the permissions `mode`, and the group `gid`. */
export async function listenPrivately(
  server: Server,
  path: string,
  mode: number,
  gid?: number,
): Promise<void> {
  // The socket must never be open to others, not even until chmod(2).
  const before = process.umask(0o177)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  } finally {
    process.umask(before)
  }
  if (gid !== undefined) giveToGroup(server, path, gid)
  chmodSync(path, mode)
}

/**
 * A socket file that nobody listens on is what a killed engine left.
 *
 * @throws {OperationError} `ALREADY_EXISTS` where somebody listens, or where it is no socket
 */
export async function removeStale(path: string): Promise<void> {
  try {
    if (!lstatSync(path).isSocket())
      throw new OperationError(
        'ALREADY_EXISTS',
        'listen for clients',
        { path },
        {
          hint: 'There is something else at that path',
        },
      )
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return
    throw error
  }
  const { connect } = await import('node:net')
  const isServed = await new Promise<boolean>((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
  if (isServed)
    throw new OperationError(
      'ALREADY_EXISTS',
      'listen for clients',
      { path },
      {
        hint: 'An engine serves there already',
      },
    )
  unlinkSync(path)
}
