/** How requests reach a server: within the process, or over TLS. */
export interface Transport {
  /** @throws StatusError ServiceUnavailable where nobody answers */
  send(request: ClientRequest): Promise<ClientAnswer>
  /**
   * Read a response line by line as it comes.
   * @returns when it has ended, or the signal told it to; an answer that is no stream is given whole
   * @throws StatusError ServiceUnavailable where nobody answers, or the connection broke
   */
  stream(
    request: ClientRequest,
    onLine: (line: string) => void,
    signal: AbortSignal,
  ): Promise<ClientAnswer | undefined>
}

export interface ClientRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body?: string | undefined
  readonly contentType?: string | undefined
}

export interface ClientAnswer {
  readonly code: number
  readonly body: string
}
