import { OperationError } from '../../native/error.ts'
import {
  type AttachedStreams,
  type MonitorConnection,
  connectMonitor,
} from '../container/monitor-connection.ts'
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
  readonly ended: Promise<EndOutcome | undefined>
}

/** A connection to a monitor in the making, and what has come over it. */
export interface ProcessStreams {
  readonly output: OutputBuffer
  readonly connecting: Promise<MonitorConnection | undefined>
}

/** Attach to a process that is held until then: its output is not lost, also before it is known to run. */
export function openStreams(stateFolder: string, wanted: AttachedStreams): ProcessStreams {
  const output = new OutputBuffer()
  const connecting = connectMonitor(stateFolder, wanted, {
    onOutput: (stream, data) => output.push({ stream, data: Buffer.from(data) }),
  })
  // A start that fails takes its monitor away; one that comes about passes the failure on.
  connecting.catch(() => undefined)
  return { output, connecting }
}

/** Nobody has to wait for the connection: what is said to the process before arrives in its order. */
export function attachProcess(
  started: StartedProcess,
  { output, connecting }: ProcessStreams,
): ApiProcess {
  // Where the connection fails, `ended` says so.
  const tell = (say: (connection: MonitorConnection) => void): void =>
    void connecting.then((connection) => connection && say(connection)).catch(() => undefined)
  output.onPressure = (isFull) => tell((it) => (isFull ? it.pause() : it.resume()))
  const ended = endOf(started, connecting)
  // Whoever never asks must not be hit by an unhandled rejection; wait() passes it on.
  void ended.catch(() => undefined).finally(() => output.end())
  const wait = async (): Promise<WaitResult> => {
    const { exitCode, signal, oomKills } = await ended
    return { exitCode, signal, oomKilled: oomKills > 0 }
  }
  return {
    pid: started.pid,
    output: () => output,
    write: async (data) =>
      (await connecting)?.write(typeof data === 'string' ? Buffer.from(data) : data),
    endInput: () => tell((it) => it.endInput()),
    resize: (rows, columns) => tell((it) => it.resize(rows, columns)),
    wait,
    async collect() {
      const texts = await collectText(output)
      return { ...(await wait()), ...texts }
    },
    unref: () => tell((it) => it.unref()),
    ref: () => tell((it) => it.ref()),
  }
}

async function endOf(
  started: StartedProcess,
  connecting: Promise<MonitorConnection | undefined>,
): Promise<EndOutcome> {
  const connection = await connecting
  const outcome = (await connection?.ended) ?? (await started.ended)
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
