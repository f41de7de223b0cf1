import type { IncomingMessage } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { isObject } from '../api/object.ts'
import { serviceUnavailable, StatusError } from '../api/status-error.ts'
import type { StatusDetails } from '../api/status-error.ts'
import type { ServerAddress } from './http-client.ts'
import type { WebSocket } from 'ws'

/** A request that the typed client has no word for: another form of the answer, a stream, an upgrade. */
export interface RawRequest {
  /** Absent: GET. */
  readonly method?: string
  /** With its query. */
  readonly path: string
  readonly body?: unknown
  /** Of the body; absent: JSON. */
  readonly contentType?: string
  /** Absent: JSON. */
  readonly accept?: string
  readonly signal?: AbortSignal
  /** Told what the server warns of. */
  readonly onWarning?: (text: string) => void
}

/** The server was not reached; the message is what kubectl says then. */
export class UnreachableError extends StatusError {
  constructor(server: string, error: Error & { code?: unknown }) {
    const { host } = new URL(server)
    super(
      503,
      'ServiceUnavailable',
      error.code === 'ECONNREFUSED'
        ? `The connection to the server ${host} was refused - did you specify the right host or port?`
        : `Unable to connect to the server: ${error.message}`,
    )
  }
}

/** Requests as they are on the wire. All failures are `StatusError`s. */
export interface Connection {
  /** @returns the JSON of the answer */
  send(request: RawRequest): Promise<unknown>
  /** @returns the body of an answer that went well, as it comes */
  stream(request: RawRequest): Promise<IncomingMessage>
  /** @returns the answer as it is, whatever its code */
  pass(request: RawRequest): Promise<IncomingMessage>
  /** A WebSocket that is open. */
  upgrade(path: string, protocols: readonly string[]): Promise<WebSocket>
  close(): void
}

export function openConnection(address: ServerAddress): Connection {
  const { authority, certificate, key } = address
  const identity = {
    ca: authority,
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
  }
  const agent = new Agent({ keepAlive: true, ...identity })
  const stream = async (request: RawRequest): Promise<IncomingMessage> => {
    const response = await start(address, agent, request)
    warnOf(response, request)
    const code = response.statusCode ?? 0
    if (code >= 200 && code < 300) return response
    throw toStatusError(await readText(response), code)
  }
  return {
    stream,
    pass: (request) => start(address, agent, request),
    send: async (request) => {
      const text = await readText(await stream(request))
      return text === '' ? undefined : (JSON.parse(text) as unknown)
    },
    upgrade: async (path, protocols) => {
      const { WebSocket: Socket } = await import('ws')
      const options = { ...identity, headers: bearer(address), perMessageDeflate: false }
      const socket = new Socket(
        `${address.server.replace(/^http/, 'ws')}${path}`,
        protocols,
        options,
      )
      await opened(socket)
      return socket
    },
    close: () => agent.destroy(),
  }
}

function bearer({ token }: ServerAddress): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token()}` }
}

function start(
  address: ServerAddress,
  agent: Agent,
  { method = 'GET', path, body, contentType, accept, signal }: RawRequest,
): Promise<IncomingMessage> {
  const text =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
      ? body
      : JSON.stringify(body)
  const headers = {
    accept: accept ?? 'application/json',
    'user-agent': 'myorch',
    ...bearer(address),
    ...(text === undefined
      ? {}
      : {
          'content-type': contentType ?? 'application/json',
          'content-length': Buffer.byteLength(text),
        }),
  }
  return new Promise((resolve, reject) => {
    const options = { agent, method, headers, ...(signal ? { signal } : {}) }
    const request = httpsRequest(`${address.server}${path}`, options, resolve)
    request.on('error', (error) => reject(new UnreachableError(address.server, error)))
    request.end(text)
  })
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', (error) => reject(serviceUnavailable(error.message)))
    socket.on('unexpected-response', (_request, response) => {
      readText(response).then(
        (text) => reject(toStatusError(text, response.statusCode ?? 0)),
        (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
      )
    })
  })
}

/** `299 - "text"`, several in one header. */
function warnOf(response: IncomingMessage, { onWarning }: RawRequest): void {
  const header = response.headers['warning']
  if (!onWarning || header === undefined) return
  for (const [, text = ''] of header.matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g))
    onWarning(text.replaceAll(/\\(.)/g, '$1'))
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of response) pieces.push(piece as Buffer)
  } catch (error) {
    throw serviceUnavailable(`read an answer: ${(error as Error).message}`)
  }
  return Buffer.concat(pieces).toString()
}

function toStatusError(text: string, code: number): StatusError {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // Not everything on the way speaks JSON.
  }
  if (!isObject(document))
    return new StatusError(code, 'Unknown', text.slice(0, 1000) || `status ${code}`)
  const { message, reason, details } = document
  return new StatusError(
    code,
    typeof reason === 'string' ? reason : 'Unknown',
    typeof message === 'string' ? message : `status ${code}`,
    details as StatusDetails | undefined,
  )
}
