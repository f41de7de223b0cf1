// What a command sees of the outside. The resident engine runs commands for remote
// clients, so nothing in a command may touch `process` itself.

import type { AttachPlan } from '../container/attach-plan.ts'

export interface TextSink {
  /** Where the reader has gone a local command ends here. */
  write(chunk: string | Uint8Array): unknown
  /** As `write`, but where the reader has gone the chunk is dropped. Absent: `write` does so. */
  offer?(chunk: string | Uint8Array): unknown
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
  /** Height of the terminal; 24 when there is none. */
  readonly rows: number
  /**
   * Become the terminal of a container until it ends or the user detaches. A local command turns
   * into the shim's attach client for good (execve) and never comes back; the resident engine has
   * the remote client do it.
   * @returns the container's exit code; undefined when detached
   */
  readonly attach: (plan: AttachPlan) => Promise<number | undefined>
  /** Ends long-running commands (Ctrl-C, client gone). */
  readonly signal?: AbortSignal | undefined
  /** Whether a remote client went away meanwhile; a local command is gone with its process. */
  readonly isGone?: (() => boolean) | undefined
}
