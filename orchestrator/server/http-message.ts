// Requests and responses without a socket: the same handler serves HTTP and callers in the same process.

export interface User {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
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
}

export type Headers = Readonly<Record<string, string>>

export interface WholeResponse {
  readonly code: number
  readonly headers: Headers
  readonly body: string | Buffer
}

/** Where a watch writes. */
export interface Sink {
  /** @returns false when the reader is slow: what is written waits in memory */
  write(chunk: string): boolean
  end(): void
  onClose(listener: () => void): void
}

export interface StreamResponse {
  readonly code: number
  readonly headers: Headers
  stream(sink: Sink): void
}

export type ApiResponse = WholeResponse | StreamResponse
