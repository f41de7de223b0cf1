import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

// Requests and responses without a socket: the same handler serves HTTP and callers in the same process.

export interface User {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

/** What is learned of a request while it is answered, for who records it. */
export interface RequestNotes {
  /** As whom it was answered, where that is somebody else. */
  impersonated?: User
  readonly annotations: Record<string, string>
}

export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  /** @throws StatusError 413 */
  body(): Promise<Buffer>
  readonly user: User
  /** Texts for `Warning` headers. */
  readonly warnings: string[]
  /** What the client asks to speak instead of HTTP, in small letters, where the transport can change: `websocket`. */
  readonly upgrade?: string
  /** The client's address; absent: it is in this process. */
  readonly source?: string
  readonly notes?: RequestNotes
}

export type Headers = Readonly<Record<string, string>>

export interface WholeResponse {
  readonly code: number
  readonly headers: Headers
  readonly body: string | Buffer
}

/** Where a watch or a log writes. */
export interface Sink {
  /** @returns false when the reader is slow: what is written waits in memory */
  write(chunk: string | Buffer): boolean
  end(): void
  /** Called each time when what waited is written. */
  onDrain(listener: () => void): void
  onClose(listener: () => void): void
}

export interface StreamResponse {
  readonly code: number
  readonly headers: Headers
  stream(sink: Sink): void
}

/** What is left of a request when HTTP is over. */
export interface Connection {
  readonly incoming: IncomingMessage
  readonly socket: Duplex
  /** What came after the request already. */
  readonly head: Buffer
}

/** Nothing is answered: who takes the connection speaks on it. Only for requests with `upgrade`. */
export interface TakeoverResponse {
  readonly code: 101
  readonly headers: Headers
  takeOver(connection: Connection): void
}

export type ApiResponse = WholeResponse | StreamResponse | TakeoverResponse
