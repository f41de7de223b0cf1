import type { IncomingMessage, ServerResponse } from 'node:http'

/** One finished request. */
export interface AccessEntry {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly user: string | undefined
  readonly bytesIn: number
  readonly bytesOut: number
  readonly milliseconds: number
}

/** A line of JSON for the access log. Queries are left out: they may hold secrets. */
export function formatAccess(entry: AccessEntry, time: Date): string {
  const { request, response, path, user, bytesIn, bytesOut, milliseconds } = entry
  return JSON.stringify({
    time: time.toISOString(),
    remote: request.socket.remoteAddress,
    user,
    method: request.method,
    path,
    status: response.headersSent ? response.statusCode : 0,
    complete: response.writableFinished,
    bytesIn,
    bytesOut,
    ms: Math.round(milliseconds * 1000) / 1000,
    agent: request.headers['user-agent']?.slice(0, 300),
  })
}
