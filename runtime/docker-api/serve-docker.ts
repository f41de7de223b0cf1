import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { tellServiceManager } from '../../native/service-manager.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { engineOf } from '../container/open-engine.ts'
import type { ServeOptions } from '../cli/engine.ts'
import { isAllowed, listenPrivately, removeStale } from '../resident-engine/private-socket.ts'
import type { ApiHost } from './api-call.ts'
import { findGroup } from './find-group.ts'
import { createExecInstances } from './exec-instances.ts'
import { respond } from './respond.ts'
import { respondToUpgrade } from './respond-to-upgrade.ts'
import { createWaitingAttachments } from './waiting-attachments.ts'

// The Docker Engine API on a socket. It is one more way to the same files: containers neither know nor
// need it.

/** As docker has it: root, and the group of the socket's file (`--group`; root's, and then nobody but its owner gets in). */
const socketMode = 0o660

/**
 * Serve until `io.signal`.
 *
 * @param options `socket` absent: docker.sock in the run folder
 * @throws {OperationError} `ALREADY_EXISTS` where somebody serves there already, `NOT_FOUND` where there is no such group
 */
export async function serveDocker(
  context: EngineContext,
  { socket, group }: Pick<ServeOptions, 'socket' | 'group'>,
  io: CommandIo,
): Promise<void> {
  const { createServer } = await import('node:http')
  const { mkdirSync } = await import('node:fs')
  mkdirSync(context.folders.runDir, { recursive: true, mode: 0o711 })
  const gid = group === undefined ? undefined : findGroup(group)
  const path = socket ?? join(context.folders.runDir, 'docker.sock')
  await removeStale(path)
  process.umask(0o022)
  const host: ApiHost = {
    context,
    engine: engineOf(context),
    executions: createExecInstances(),
    attachments: createWaitingAttachments(),
  }
  const connections = new Set<Duplex>()
  const server = createServer(
    serverOptions,
    (request: IncomingMessage, response: ServerResponse) => void respond(host, request, response),
  )
  server.on(
    'upgrade',
    (request: IncomingMessage, connection: Duplex, head: Buffer) =>
      void respondToUpgrade(host, request, connection, head),
  )
  server.on('connection', (connection) => {
    // Of a group's socket the kernel asks who may write to it, supplementary groups and all.
    if (gid === undefined && !isAllowed(connection)) return void connection.destroy()
    connections.add(connection)
    connection.once('close', () => connections.delete(connection))
    return undefined
  })
  await listenPrivately(server, path, socketMode, gid)
  io.stderr.write(`mycontainer: Docker API ready at ${path}\n`)
  tellServiceManager({ ready: true, status: `Docker API at ${path}` })
  await untilAborted(io.signal)
  await closeServer(server, connections)
  context.zygote.close()
}

const serverOptions = {
  // Contexts of builds take as long as they take.
  requestTimeout: 0,
  keepAliveTimeout: 300_000,
  shouldUpgradeCallback: (request: IncomingMessage) =>
    /\/(?:attach|attach\/ws|start|session|grpc)(?:\?|$)/.test(request.url ?? ''),
}

async function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal?.aborted) resolve()
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Takes the socket's file along. */
async function closeServer(server: Server, connections: ReadonlySet<Duplex>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  for (const connection of connections) connection.destroy()
  await closed
}
