import { OperationError } from '../../native/error.ts'
import { type AttachedStreams, connectMonitor } from '../container/monitor-connection.ts'
import type { EndOutcome } from '../container/zygote.ts'
import { OutputBuffer } from './output-buffer.ts'

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Buffer
}

/** How a process ended. */
export interface WaitResult {
  /** As a shell gives it: 128 + n for signal n. */
  readonly exitCode: number
  readonly signal: number
  readonly oomKilled: boolean
}

/** How a process ended, and everything it wrote. */
export interface CollectedResult extends WaitResult {
  readonly stdout: string
  readonly stderr: string
}

/** A process in a container, with its input and output. */
export interface ApiProcess {
  /** Process id as the host sees it. */
  readonly pid: number
  /**
   * What it writes, from its first byte on; to be read once. Reading slowly slows the process
   * down, and one that writes more than a megabyte which nobody reads is held up.
   */
  output(): AsyncIterable<OutputChunk>
  /** To its standard input. @returns when the bytes are on their way, so that a writer can wait */
  write(data: string | Uint8Array): Promise<void>
  endInput(): void
  /** Of its terminal, where it has one. */
  resize(rows: number, columns: number): void
  /** @throws {OperationError} `PROTOCOL` where its monitor was killed, so that nobody knows */
  wait(): Promise<WaitResult>
  /** Read all output as text and wait. */
  collect(): Promise<CollectedResult>
  /** Let this Node process end although the process in the container goes on. */
  unref(): void
  ref(): void
}

/** What has been started and is held until somebody attaches. */
export interface StartedProcess {
  readonly pid: number
  readonly stateFolder: string
  readonly ended: Promise<EndOutcome | undefined>
}

/** Attach to a process that was just started. */
export async function attachProcess(
  started: StartedProcess,
  streams: AttachedStreams,
): Promise<ApiProcess> {
  const output = new OutputBuffer()
  const connection = await connectMonitor(started.stateFolder, streams, {
    onOutput: (stream, data) => output.push({ stream, data: Buffer.from(data) }),
  })
  output.onPressure = (isFull) => (isFull ? connection?.pause() : connection?.resume())
  const ended = endOf(started, connection?.ended)
  // Whoever never asks must not be hit by an unhandled rejection; wait() passes it on.
  void ended.catch(() => undefined).finally(() => output.end())
  const wait = async (): Promise<WaitResult> => {
    const { exitCode, signal, oomKills } = await ended
    return { exitCode, signal, oomKilled: oomKills > 0 }
  }
  return {
    pid: started.pid,
    output: () => output,
    write: async (data) => connection?.write(typeof data === 'string' ? Buffer.from(data) : data),
    endInput: () => connection?.endInput(),
    resize: (rows, columns) => connection?.resize(rows, columns),
    wait,
    async collect() {
      const texts = await collectText(output)
      return { ...(await wait()), ...texts }
    },
    unref: () => connection?.unref(),
    ref: () => connection?.ref(),
  }
}

async function endOf(
  started: StartedProcess,
  seen: Promise<EndOutcome | undefined> | undefined,
): Promise<EndOutcome> {
  const outcome = (await seen) ?? (await started.ended)
  if (outcome) return outcome
  throw new OperationError(
    'PROTOCOL',
    'wait for the end of a process',
    { pid: started.pid },
    { hint: 'Its monitor was killed: nobody saw how it ended' },
  )
}

async function collectText(output: OutputBuffer): Promise<{ stdout: string; stderr: string }> {
  const chunks: Record<OutputChunk['stream'], Buffer[]> = { stdout: [], stderr: [] }
  for await (const { stream, data } of output) chunks[stream].push(data)
  return {
    stdout: Buffer.concat(chunks.stdout).toString(),
    stderr: Buffer.concat(chunks.stderr).toString(),
  }
}
