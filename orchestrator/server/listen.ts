import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { badRequest, StatusError, tooLarge } from '../api/status-error.ts'
import { readBytes } from '../client/read-bytes.ts'
import { authenticate } from './authenticate.ts'
import type { TokenLookup } from './authenticate.ts'
import type { KeyPair } from './certificates.ts'
import type { ApiRequest, ApiResponse, Connection, User } from './http-message.ts'
import { respondStatus } from './render.ts'

// HTTPS: HTTP/2 and HTTP/1.1 on one port.

export interface ListenOptions {
  readonly host: string
  /** Zero: any free port. */
  readonly port: number
  readonly serving: KeyPair
  /** PEM of the authority that signs clients. */
  readonly clientAuthority: string
  readonly tokens: readonly TokenLookup[]
  handle(request: ApiRequest): Promise<ApiResponse>
  /** Answers who cannot prove who they are; they have no name. */
  refuse(request: ApiRequest, error: StatusError): Promise<ApiResponse>
}

export interface Listener {
  readonly port: number
  /** End all connections, also those of watches. */
  close(): Promise<void>
}

type Incoming = IncomingMessage | Http2ServerRequest
type Outgoing = ServerResponse | Http2ServerResponse

const largestBody = 3 * 1024 * 1024
const longestPath = 64 * 1024
const compressFrom = 128 * 1024
/**
 * Milliseconds that a connection of HTTP/1.1 may be idle. A client that is slow may send its next request while the end of the
 * connection is on its way; Node's five seconds end most connections of a node's agent between two of its requests.
 */
const idleTimeout = 90_000

export async function listen(options: ListenOptions): Promise<Listener> {
  const { createSecureServer } = await import('node:http2')
  const server = createSecureServer({
    allowHTTP1: true,
    key: options.serving.key,
    cert: options.serving.certificate,
    ca: options.clientAuthority,
    requestCert: true,
    // Who has no certificate may have a token.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    // Megabytes: informers of a whole cluster share one connection.
    maxSessionMemory: 64,
  })
  Object.assign(server, { keepAliveTimeout: idleTimeout })
  const sockets = trackSockets(server)
  server.on('request', (request: Incoming, response: Outgoing) => {
    void answer(options, request, response).catch((error: unknown) => {
      process.stderr.write(`answer a request: ${String(error)}\n`)
      response.destroy()
    })
  })
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => undefined)
    void answerUpgrade(options, { incoming, socket, head }).catch((error: unknown) => {
      process.stderr.write(`answer an upgrade: ${String(error)}\n`)
      socket.destroy()
    })
  })
  // What a client does wrong on its connection is no reason to end.
  server.on('sessionError', () => undefined)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function trackSockets(server: Http2SecureServer): ReadonlySet<Socket> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}

async function answer(
  options: ListenOptions,
  request: Incoming,
  response: Outgoing,
): Promise<void> {
  const warnings: string[] = []
  const result = await respondTo(options, request, warnings)
  if (response.destroyed || response.writableEnded || 'takeOver' in result) return
  const headers: Record<string, string | string[]> = {
    'cache-control': 'no-cache, private',
    // Node would keep it for a second, and wake the process for that.
    date: new Date().toUTCString(),
    ...result.headers,
    ...(warnings.length > 0 ? { warning: shortened(warnings).map(warningHeader) } : {}),
  }
  if ('body' in result) {
    const body = await compressed(request, result.body, headers)
    if (response.destroyed) return
    headers['content-length'] = String(Buffer.byteLength(body))
    start(response, result.code, headers)
    response.end(request.method === 'HEAD' ? '' : body)
    return
  }
  start(response, result.code, headers)
  // The client learns that the watch stands before anything happens.
  if ('flushHeaders' in response) response.flushHeaders()
  result.stream({
    write: (chunk) => (response as ServerResponse).write(chunk),
    end: () => void response.end(),
    onDrain: (listener) => void (response as ServerResponse).on('drain', listener),
    onClose: (listener) => void (response as ServerResponse).on('close', listener),
  })
}

/** What is large is sent compressed to who understands it; `headers` are told. */
async function compressed(
  request: Incoming,
  body: string | Buffer,
  headers: Record<string, string | string[]>,
): Promise<string | Buffer> {
  const accepts = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  if (!accepts || body.length < compressFrom) return body
  const { gzip } = await import('node:zlib')
  headers['content-encoding'] = 'gzip'
  headers['vary'] = 'Accept-Encoding'
  return new Promise((resolve, reject) => {
    // The fastest level: most clients are near.
    gzip(body, { level: 1 }, (error, bytes) => (error ? reject(error) : resolve(bytes)))
  })
}

/** A request that wants to go on without HTTP, or is told in HTTP why not. */
async function answerUpgrade(options: ListenOptions, connection: Connection): Promise<void> {
  const { incoming, socket } = connection
  const upgrade = incoming.headers.upgrade?.toLowerCase()
  const result = await respondTo(options, incoming, [], upgrade)
  if (socket.destroyed) return
  if ('takeOver' in result) return result.takeOver(connection)
  const { ServerResponse: Response } = await import('node:http')
  const response = new Response(incoming)
  response.shouldKeepAlive = false
  response.assignSocket(socket as Socket)
  response.on('finish', () => socket.end())
  const whole = 'body' in result ? result : respondStatus(badRequest('no upgrade here').status)
  response.writeHead(whole.code, { ...whole.headers, connection: 'close' })
  response.end(whole.body)
}

function start(response: Outgoing, code: number, headers: Record<string, string | string[]>): void {
  ;(response as ServerResponse).writeHead(code, headers)
}

const mostWarningText = 4096

/** As many of the warnings as clients take in their headers, the last of them cut. */
function shortened(warnings: readonly string[]): string[] {
  const result: string[] = []
  let left = mostWarningText
  for (const text of warnings) {
    if (left <= 0) break
    result.push(text.slice(0, left))
    left -= text.length + 8
  }
  return result
}

/** https://kubernetes.io/blog/2020/09/03/warnings/ */
function warningHeader(text: string): string {
  const clean = text
    .replaceAll(/[\p{Cc}]/gu, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
  return `299 - "${Buffer.from(clean, 'utf8').toString('latin1')}"`
}

async function respondTo(
  options: ListenOptions,
  incoming: Incoming,
  warnings: string[],
  upgrade?: string,
): Promise<ApiResponse> {
  const target = incoming.url ?? '/'
  if (target.length > longestPath) return respondStatus(tooLarge(longestPath).status)
  const at = target.indexOf('?')
  const path = at < 0 ? target : target.slice(0, at)
  const headers = incoming.headers as Record<string, string | undefined>
  let body: Promise<Buffer> | undefined
  const request = {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(at < 0 ? '' : target.slice(at + 1)),
    headers: { ...headers, host: headers['host'] ?? headers[':authority'] },
    body: () => (body ??= readBytes(incoming, largestBody, () => tooLarge(largestBody))),
    warnings,
    source: incoming.socket.remoteAddress ?? '',
    ...(upgrade === undefined ? {} : { upgrade }),
  }
  let user: User
  try {
    user = await authenticate(
      { certificate: certificateOf(incoming), authorization: headers['authorization'] },
      options.tokens,
    )
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    // Nothing that they send is read.
    const nothing = async () => Buffer.alloc(0)
    return options.refuse({ ...request, body: nothing, user: { name: '', groups: [] } }, error)
  }
  return options.handle({ ...request, user })
}

/** Reading it costs more than many a request does; no connection ever has another one. */
const certificates = new WeakMap<TLSSocket, PeerCertificate>()

function certificateOf(incoming: Incoming) {
  const socket = ('stream' in incoming ? incoming.stream.session?.socket : incoming.socket) as
    | TLSSocket
    | undefined
  if (!socket?.authorized) return undefined
  let certificate = certificates.get(socket)
  if (!certificate) certificates.set(socket, (certificate = socket.getPeerCertificate()))
  return certificate
}
