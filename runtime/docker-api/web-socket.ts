import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TakenOver } from './api-call.ts'

/** Of one message of a client: what is typed, not what is copied. */
const largestMessage = 1024 * 1024

/** What ends as a WebSocket: RFC 6455. */
export function asksForWebSocket(request: Pick<IncomingMessage, 'headers'>): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket'
}

/** Shake hands; each message in is read as it is, each piece out is a binary message. */
export async function acceptWebSocket(
  request: IncomingMessage,
  connection: Duplex,
  head: Buffer,
): Promise<TakenOver> {
  const { WebSocketServer, createWebSocketStream } = await import('ws')
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: largestMessage,
  })
  return new Promise((resolve, reject) => {
    // A request that is no handshake is answered by the library.
    connection.once('close', () => reject(new Error('the connection ended')))
    server.handleUpgrade(request, connection, head, (socket) => {
      const stream = createWebSocketStream(socket)
      stream.on('error', () => undefined)
      resolve({ input: stream, output: stream })
    })
  })
}
