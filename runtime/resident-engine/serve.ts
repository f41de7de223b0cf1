import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { tellServiceManager } from '../../native/service-manager.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { engineOf } from '../container/open-engine.ts'
import { SpareNetworks } from '../container/spare-networks.ts'
import { StartPrograms } from '../container/start-program.ts'
import { thisInstallation } from './accept-request.ts'
import { serveClient } from './client-session.ts'
import { isAllowed, listenPrivately, removeStale } from './private-socket.ts'

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
  const context = {
    ...opened,
    spares: new SpareNetworks(opened),
    startPrograms: new StartPrograms(),
  }
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
  await listenPrivately(server, path, 0o600)
  io.stderr.write(`mycontainer: engine ready at ${path}\n`)
  tellServiceManager({ ready: true, status: `engine at ${path}` })
  await new Promise<void>((resolve) => {
    if (io.signal?.aborted) resolve()
    io.signal?.addEventListener('abort', () => resolve(), { once: true })
  })
  // Takes the socket's file along.
  server.close()
  context.spares.close()
  context.zygote.close()
}
