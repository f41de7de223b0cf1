import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import { type Server, type Socket, createServer } from 'node:net'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { readPeerCredentials } from '../../native/peer-credentials.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { engineOf } from '../container/open-engine.ts'
import { SpareNetworks } from '../container/spare-networks.ts'
import { isSystemError } from '../../native/system-error.ts'
import { thisInstallation } from './accept-request.ts'
import { serveClient } from './client-session.ts'

// An engine that stays: the launcher hands its command over instead of starting Node. Nothing
// depends on it; it may end at any time, and commands go on without it.

export interface ServeOptions {
  /** Path of the socket; absent: engine.sock in the run folder, where launchers look. */
  readonly socket?: string | undefined
}

/**
 * Serve until `io.signal`.
 *
 * @throws {OperationError} `ALREADY_EXISTS` where an engine serves there already
 */
export async function serveEngine(
  opened: EngineContext,
  options: ServeOptions,
  io: CommandIo,
): Promise<void> {
  const context = { ...opened, spares: new SpareNetworks(opened) }
  const { runDir } = context.folders
  mkdirSync(runDir, { recursive: true, mode: 0o700 })
  const path = options.socket ?? join(runDir, 'engine.sock')
  await removeStale(path)
  const host = { context, engine: engineOf(context), installation: thisInstallation() }
  // As any new file of a command: the umask of whoever started the engine is not its clients'.
  process.umask(0o022)
  const server = createServer((socket) => {
    if (isAllowed(socket)) serveClient(socket, host)
    else socket.destroy()
  })
  await listen(server, path)
  io.stderr.write(`mycontainer: engine ready at ${path}\n`)
  await new Promise<void>((resolve) => {
    if (io.signal?.aborted) resolve()
    io.signal?.addEventListener('abort', () => resolve(), { once: true })
  })
  // Takes the socket's file along.
  server.close()
  context.spares.close()
  context.zygote.close()
}

/** Only root and the user who serves; the kernel says who it is (SO_PEERCRED). */
function isAllowed(socket: Socket): boolean {
  const handle: unknown = Reflect.get(socket, '_handle')
  const descriptor: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  if (typeof descriptor !== 'number' || descriptor < 0) return false
  const { uid } = readPeerCredentials(descriptor)
  return uid === 0 || uid === process.geteuid?.()
}

async function listen(server: Server, path: string): Promise<void> {
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
  chmodSync(path, 0o600)
}

/** A socket file that nobody listens on is what a killed engine left. */
async function removeStale(path: string): Promise<void> {
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
