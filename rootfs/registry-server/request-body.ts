import type { IncomingMessage } from 'node:http'
import type { Exchange } from './exchange.ts'

/** How much of a body that nobody wants is read, so that its sender gets to read the answer. */
const maxUnwanted = 8 * 1024 * 1024

/**
 * The body of a request. A client that asks first (`Expect: 100-continue`) is told to send it only
 * now. Leaving the loop early keeps the connection, so that an answer can still be sent.
 */
export function bodyOf({ request, response }: Exchange): AsyncIterable<Buffer> {
  if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
  return request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
}

/** Throw away what is left of a refused body, within limits. Resolves when no more of it comes. */
export function drainBody(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    if (request.complete || request.destroyed) return resolve()
    let size = 0
    request.on('data', (piece: Buffer) => {
      size += piece.length
      if (size > maxUnwanted) request.destroy()
    })
    request.on('error', () => undefined)
    request.once('end', resolve)
    request.once('close', resolve)
    request.resume()
  })
}
