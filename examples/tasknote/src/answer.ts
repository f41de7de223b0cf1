import type { IncomingMessage, ServerResponse } from 'node:http'
import { RequestError } from './request-error.ts'

const maxJsonBytes = 64 * 1024

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  sendText(response, status, JSON.stringify(value))
}

/** Send text that is JSON already. */
export function sendText(response: ServerResponse, status: number, json: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${json}\n`)
}

/** @throws {RequestError} 400 for what is no JSON object, 413 for too much of it */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > maxJsonBytes) throw new RequestError(413, `a task may have ${maxJsonBytes} bytes`)
    pieces.push(piece)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // Said below.
  }
  throw new RequestError(400, 'send a JSON object')
}
