import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import { OperationError } from '../../native/error.ts'
import { explainHttpFailure } from './http-failure.ts'

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Bytes to send. They can be made again, because a request may have to be repeated. */
export interface HttpBody {
  /** Bytes in all; undefined sends chunks until the end. */
  readonly size: number | undefined
  pieces(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

export interface HttpRequest {
  readonly method: HttpMethod
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body?: HttpBody | undefined
  /** Milliseconds without a byte in either direction after which it has failed. */
  readonly stallMs?: number | undefined
}

export interface HttpResponse {
  readonly status: number
  readonly url: URL
  /** A field by its name in lower case; fields that came several times are joined by ", ". */
  header(name: string): string | undefined
  /** Must be read to its end or destroyed. */
  readonly body: IncomingMessage
}

/** Connections of one TLS configuration. They are kept open between requests. */
export interface HttpTransport {
  /** @throws {OperationError} `UNREACHABLE`, `TIMEOUT`, `PROTOCOL`; any status is an answer */
  send(request: HttpRequest): Promise<HttpResponse>
  close(): void
}

export interface TlsSettings {
  /** Certificates in PEM, besides those of the system. */
  readonly authorities: readonly string[]
  /** Certificate and key of this client, in PEM. */
  readonly client: { readonly certificate: string; readonly key: string } | undefined
  readonly verify: boolean
}

const defaultStallMs = 60_000
const userAgent = 'myimage'

export function createHttpTransport(tls: () => TlsSettings): HttpTransport {
  const agents = new Map<string, Agent>()
  const agentFor = (url: URL): Agent => {
    const key = `${url.protocol}//${isLoopback(url.hostname) ? 'loopback' : 'network'}`
    const known = agents.get(key)
    if (known) return known
    const made = makeAgent(url, tls)
    agents.set(key, made)
    return made
  }
  return {
    send: (request) => send(request, agentFor(request.url)),
    close: () => {
      for (const agent of agents.values()) agent.destroy()
      agents.clear()
    },
  }
}

/** Whether a host name means this machine, as docker judges it. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname) ||
    hostname === '[::1]'
  )
}

function makeAgent(url: URL, tls: () => TlsSettings): Agent {
  // Proxies are never asked for what is on this machine.
  const proxy = isLoopback(url.hostname) ? {} : { proxyEnv: process.env }
  const options = { keepAlive: true, scheduling: 'lifo', ...proxy } as const
  if (url.protocol === 'http:') return new (process.getBuiltinModule('node:http').Agent)(options)
  const { authorities, client, verify } = tls()
  return new (process.getBuiltinModule('node:https').Agent)({
    ...options,
    rejectUnauthorized: verify,
    ...(verify ? { ca: [...systemAuthorities(), ...authorities] } : {}),
    ...(client ? { cert: client.certificate, key: client.key } : {}),
  })
}

/** Those that the host trusts; where it has none, those that Node brings. */
function systemAuthorities(): string[] {
  const { getCACertificates } = process.getBuiltinModule('node:tls')
  const system = getCACertificates('system')
  return system.length > 0 ? system : getCACertificates('default')
}

function send(request: HttpRequest, agent: Agent): Promise<HttpResponse> {
  const { url, method, body } = request
  const { request: begin } = process.getBuiltinModule(
    url.protocol === 'https:' ? 'node:https' : 'node:http',
  )
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(explainHttpFailure(error, url))
    const outgoing = begin(url, { method, agent, headers: headersOf(request) })
    let incoming: IncomingMessage | undefined
    const stallMs = request.stallMs ?? defaultStallMs
    outgoing.setTimeout(stallMs, () => (incoming ?? outgoing).destroy(stalled(url, stallMs)))
    outgoing.on('error', fail)
    outgoing.on('response', (response) => {
      incoming = response
      // The reader sees it too; without this one it would end the process when nobody reads any more.
      response.on('error', () => undefined)
      resolve(toResponse(response, url))
    })
    if (body) writeBody(outgoing, body).catch((error: unknown) => outgoing.destroy(asError(error)))
    else outgoing.end()
  })
}

function headersOf({ headers, body, method }: HttpRequest): Record<string, string> {
  const length = body ? body.size : method === 'POST' || method === 'PUT' ? 0 : undefined
  return {
    'user-agent': userAgent,
    'accept-encoding': 'identity',
    ...headers,
    ...(length === undefined ? {} : { 'content-length': String(length) }),
  }
}

/** Stops early when the server has answered already, or is gone. */
async function writeBody(outgoing: ClientRequest, body: HttpBody): Promise<void> {
  let answered = false
  outgoing.once('response', () => (answered = true))
  for await (const piece of body.pieces()) {
    if (answered || outgoing.destroyed) return
    if (!outgoing.write(piece)) await drained(outgoing)
  }
  outgoing.end()
}

function drained(outgoing: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done).off('close', done).off('response', done)
      resolve()
    }
    outgoing.on('drain', done).on('close', done).on('response', done)
  })
}

function toResponse(incoming: IncomingMessage, url: URL): HttpResponse {
  return {
    status: incoming.statusCode ?? 0,
    url,
    header: (name) => {
      const value = incoming.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    body: incoming,
  }
}

function stalled(url: URL, stallMs: number): OperationError {
  return new OperationError(
    'TIMEOUT',
    'talk to a registry',
    { host: url.host, reason: `no byte for ${Math.round(stallMs / 1000)} s` },
    { hint: 'Check the network, or try again later' },
  )
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
