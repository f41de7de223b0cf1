import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { monotonicMs } from '../../native/clock.ts'
import { OperationError } from '../../native/error.ts'
import type { ImageStore } from '../store/image-store.ts'
import { formatAccess } from './access-log.ts'
import type { Authenticator } from './authenticator.ts'
import type { Client } from './exchange.ts'
import { answerFailure } from './failure-answer.ts'
import { type RequestContext, handleRequest, readTarget } from './handle-request.ts'
import type { ListenAddress } from './listen-address.ts'
import type { Metrics } from './metrics.ts'
import { createRateLimit } from './rate-limit.ts'
import type { Registry, RegistrySettings } from './registry.ts'
import { nothingThere } from './registry-error.ts'
import { prepareRepositoryTables } from './repository-table.ts'
import { type Route, matchRoute } from './route.ts'
import type { TlsIdentity } from './tls-identity.ts'
import { openUploadFiles } from './upload-files.ts'

/** Endpoints beside the distribution API. @returns whether it answered */
export type ExtraEndpoint = (
  route: Route,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<boolean> | boolean

export interface ServerOptions {
  readonly registry: Registry
  readonly address: ListenAddress
  readonly authenticator: Authenticator
  readonly tls: TlsIdentity | undefined
  readonly extra: readonly ExtraEndpoint[]
  readonly metrics: Metrics | undefined
  /** Gets each line of the access log. */
  readonly onAccess: ((line: string) => void) | undefined
  /** Something that is the server's own fault. */
  readonly onDefect: (error: unknown) => void
}

export interface RunningServer {
  /** Port that it listens on. */
  readonly port: number
  /** New connections get this certificate. Only where it was started with one. */
  replaceIdentity(tls: TlsIdentity): void
  /** Take no new connections, let requests end, and cut what is left after `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** Open the registry of a store: its tables, and the uploads that an earlier server left. */
export function openRegistry(store: ImageStore, settings: RegistrySettings): Registry {
  const database = store.database()
  prepareRepositoryTables(database)
  const uploads = openUploadFiles(join(store.folders.root, 'uploads'))
  return { store, database, uploads, settings }
}

/** How long a connection may be silent, also in the middle of a body. */
const idleMs = 120_000
const keepAliveMs = 75_000
const headersMs = 30_000
const idleCheckMs = 50
/** Tokens with many scopes are long. */
const maxHeaderSize = 64 * 1024

/** @throws {OperationError} `ALREADY_EXISTS` where the address is taken */
export async function startRegistryServer(options: ServerOptions): Promise<RunningServer> {
  const { address, tls } = options
  const server = createServer(makeListener(options), tls)
  server.requestTimeout = 0
  server.headersTimeout = headersMs
  server.keepAliveTimeout = keepAliveMs
  server.timeout = idleMs
  await listen(server, address)
  const bound = server.address()
  return {
    port: typeof bound === 'object' && bound ? bound.port : address.port,
    replaceIdentity(identity) {
      if ('setSecureContext' in server) (server as TlsServer).setSecureContext(identity)
    },
    close: (graceMs) => closeServer(server, graceMs),
  }
}

interface TlsServer extends Server {
  setSecureContext(identity: TlsIdentity): void
}

function createServer(listener: RequestListener, tls: TlsIdentity | undefined): Server {
  const { createServer: createHttp } = process.getBuiltinModule('node:http')
  const server = tls
    ? process.getBuiltinModule('node:https').createServer({ ...tls, maxHeaderSize }, listener)
    : createHttp({ maxHeaderSize }, listener)
  // Whoever asks before sending a body is answered by the endpoint; see `bodyOf`.
  server.on('checkContinue', listener)
  return server
}

function makeListener(options: ServerOptions): RequestListener {
  const { registry } = options
  const { uploadsPerMinute } = registry.settings
  const uploadLimit =
    uploadsPerMinute === undefined ? undefined : createRateLimit(uploadsPerMinute, monotonicMs)
  const context: RequestContext = { registry, authenticator: options.authenticator, uploadLimit }
  return (request, response) => void answer(options, context, request, response)
}

async function answer(
  options: ServerOptions,
  context: RequestContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { path, query } = readTarget(request.url ?? '/')
  const route = matchRoute(path)
  let client: Client | undefined
  observe(options, route, path, request, response, () => client?.user)
  try {
    if (!route) throw nothingThere()
    for (const extra of options.extra) if (await extra(route, query, request, response)) return
    await handleRequest(context, route, query, request, response, (found) => {
      client = found
    })
  } catch (error) {
    answerFailure(request, response, error, options.onDefect)
  }
}

/** Bytes of a connection when its last request ended: it serves one after the other. */
const transferred = new WeakMap<Socket, { readonly read: number; readonly written: number }>()

/** Log and count a request when its answer is out or its connection has gone. */
function observe(
  { metrics, onAccess }: ServerOptions,
  route: Route | undefined,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  user: () => string | undefined,
): void {
  if (!metrics && !onAccess) return
  const began = monotonicMs()
  const { socket } = request
  const before = transferred.get(socket) ?? { read: 0, written: 0 }
  response.once('close', () => {
    const entry = {
      request,
      response,
      path,
      user: user(),
      bytesIn: socket.bytesRead - before.read,
      bytesOut: socket.bytesWritten - before.written,
      milliseconds: monotonicMs() - began,
    }
    transferred.set(socket, { read: socket.bytesRead, written: socket.bytesWritten })
    metrics?.observe(route?.kind ?? 'unknown', entry)
    onAccess?.(formatAccess(entry, new Date()))
  })
}

function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const isTaken = 'code' in cause && cause.code === 'EADDRINUSE'
      const detail = { host: host ?? '*', port }
      const hint = isTaken ? 'Another program listens there; choose another with --addr' : undefined
      const code = isTaken ? 'ALREADY_EXISTS' : 'SYSCALL_FAILED'
      reject(new OperationError(code, 'listen for connections', detail, { cause, hint }))
    })
    server.listen({ port, ...(host !== undefined && { host }) }, resolve)
  })
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    // A connection is idle, and may be kept alive by its client, once its last request has ended.
    const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs)
    server.close(() => {
      clearTimeout(cut)
      clearInterval(idle)
      resolve()
    })
  })
}
