import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Registry } from './registry.ts'

/** What may be done to a repository. */
export type Action = 'pull' | 'push' | 'delete'

/** Who asks, and what that one may do. */
export interface Client {
  /** Undefined where nobody logged in. */
  readonly user: string | undefined
  may(action: Action, repository: string): boolean
  /** Which repositories the list of all shows; undefined where the list may not be read. */
  readonly sees: ((repository: string) => boolean) | undefined
}

/** One request on its way through the server. */
export interface Exchange {
  readonly registry: Registry
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly query: URLSearchParams
  readonly client: Client
}

export type Headers = Readonly<Record<string, string | number>>

/** An answer without a body. */
export function sendEmpty({ response }: Exchange, status: number, headers: Headers = {}): void {
  response.writeHead(status, { 'Content-Length': 0, ...headers }).end()
}

/** An answer that never has a length: 204 and 304. */
export function sendStatus({ response }: Exchange, status: 204 | 304, headers: Headers = {}): void {
  response.writeHead(status, headers as Record<string, string>).end()
}

export function sendJson(exchange: Exchange, value: unknown, headers: Headers = {}): void {
  sendText(exchange, `${JSON.stringify(value)}\n`, {
    'Content-Type': 'application/json',
    ...headers,
  })
}

/** A whole body, or only its headers where the request is HEAD. */
export function sendText(
  { request, response }: Exchange,
  body: string | Buffer,
  headers: Headers,
): void {
  response.writeHead(200, { 'Content-Length': Buffer.byteLength(body), ...headers })
  response.end(request.method === 'HEAD' ? undefined : body)
}
