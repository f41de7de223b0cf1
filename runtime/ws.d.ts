// What we use of the library; its own types come as a package of their own.
declare module 'ws' {
  import type { IncomingMessage } from 'node:http'
  import type { RequestOptions } from 'node:https'
  import type { Duplex, DuplexOptions } from 'node:stream'

  export class WebSocket {
    constructor(
      address: string,
      protocols: readonly string[],
      options?: RequestOptions & {
        perMessageDeflate?: boolean
        maxPayload?: number
        handshakeTimeout?: number
        skipUTF8Validation?: boolean
      },
    )
    readonly protocol: string
    readonly readyState: number
    readonly bufferedAmount: number
    send(data: Buffer | string, options: { binary: boolean }, done?: (error?: Error) => void): void
    close(code?: number, reason?: string): void
    terminate(): void
    ping(): void
    pause(): void
    resume(): void
    on(event: 'open', listener: () => void): this
    on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this
    on(event: 'close', listener: (code: number, reason: Buffer) => void): this
    on(event: 'error', listener: (error: Error) => void): this
    on(event: 'pong', listener: () => void): this
    on(
      event: 'unexpected-response',
      listener: (request: unknown, response: IncomingMessage) => void,
    ): this
  }

  export class WebSocketServer {
    constructor(options: {
      noServer: true
      perMessageDeflate?: boolean
      maxPayload?: number
      handleProtocols?: (protocols: Set<string>) => string | false
    })
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      accept: (socket: WebSocket) => void,
    ): void
  }

  export function createWebSocketStream(socket: WebSocket, options?: DuplexOptions): Duplex
}
