// What a command sees of the outside. The resident engine runs commands for remote
// clients, so nothing in a command may touch `process` itself.

export interface TextSink {
  write(chunk: string | Uint8Array): unknown
}

/** Where the descriptors 0, 1, 2 that a container may inherit are to be found. */
export type StdioOwner =
  | { readonly kind: 'self' }
  | {
      readonly kind: 'peer'
      /** Process id of the client, proven by the kernel (SO_PEERCRED). */
      readonly pid: number
      readonly stdin: number
      readonly stdout: number
      readonly stderr: number
    }

export interface CommandIo {
  readonly stdout: TextSink
  readonly stderr: TextSink
  readonly stdin: AsyncIterable<Uint8Array>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdinIsTty: boolean
  readonly stdoutIsTty: boolean
  /** Width of the terminal; 80 when there is none. */
  readonly columns: number
  readonly stdio: StdioOwner
  /** Ends long-running commands (Ctrl-C, client gone). */
  readonly signal?: AbortSignal | undefined
}
