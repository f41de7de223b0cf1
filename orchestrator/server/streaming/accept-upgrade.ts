import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { badRequest } from '../../api/status-error.ts'
import type { ApiRequest, TakeoverResponse } from '../http-message.ts'

// The two ways in which clients leave HTTP: a WebSocket with a subprotocol, and SPDY/3.1.

const largestMessage = 8 * 1024 * 1024

/** Names in a header that may come several times. */
function listOf(request: ApiRequest, header: string): string[] {
  return (request.headers[header] ?? '').split(',').flatMap((entry) => entry.trim() || [])
}

/**
 * The subprotocol to speak on a WebSocket; a client that names none speaks the first one that there was.
 * @param known best first
 * @throws StatusError 400
 */
export function chooseSubprotocol(request: ApiRequest, known: readonly string[]): string {
  const offered = listOf(request, 'sec-websocket-protocol')
  if (offered.length === 0) return ''
  const chosen = known.find((name) => offered.includes(name))
  if (chosen === undefined)
    throw badRequest(`unknown subprotocols ${offered.join(', ')}: there are ${known.join(', ')}`)
  return chosen
}

export async function acceptWebSocket(
  protocol: string,
  use: (socket: WebSocket) => void,
): Promise<TakeoverResponse> {
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: largestMessage,
    handleProtocols: () => (protocol === '' ? false : protocol),
  })
  return {
    code: 101,
    headers: {},
    takeOver: ({ incoming, socket, head }) => server.handleUpgrade(incoming, socket, head, use),
  }
}

/**
 * @param known best first
 * @throws StatusError 400 when the client speaks none of them
 */
export function acceptSpdy(
  request: ApiRequest,
  known: readonly string[],
  use: (socket: Duplex) => void,
): TakeoverResponse {
  const offered = listOf(request, 'x-stream-protocol-version')
  const chosen = known.find((name) => offered.includes(name))
  if (chosen === undefined)
    throw badRequest(
      `unable to negotiate protocol: client supports ${offered.join(', ')}, server supports ${known.join(', ')}`,
    )
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    `X-Stream-Protocol-Version: ${chosen}`,
  ]
  return {
    code: 101,
    headers: {},
    takeOver: ({ socket, head }) => {
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      if (head.length > 0) socket.unshift(head)
      use(socket)
    },
  }
}
