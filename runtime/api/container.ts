import { OperationError } from '../../native/error.ts'
import { containerFolder } from '../container/container-folder.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { startExec } from '../container/exec.ts'
import { killContainer } from '../container/kill.ts'
import { type MonitorConnection, connectMonitor } from '../container/monitor-connection.ts'
import { pauseContainer, unpauseContainer } from '../container/pause.ts'
import { readState } from '../container/read-state.ts'
import type { ContainerRecord } from '../container/record.ts'
import { removeContainer } from '../container/remove.ts'
import { type StartedContainer, startContainer } from '../container/start.ts'
import type { ContainerState } from '../container/state.ts'
import { stopContainer } from '../container/stop.ts'
import type { EndOutcome } from '../container/zygote.ts'
import { OutputBuffer } from './output-buffer.ts'

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr'
  readonly data: Buffer
}

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** How a container ended. */
export interface WaitResult {
  /** As a shell gives it: 128 + n for signal n. */
  readonly exitCode: number
  readonly signal: number
  readonly oomKilled: boolean
}

/** A running (or ended) container. */
export interface ApiContainer {
  readonly id: string
  readonly name: string
  /** Process id of its init, as the host sees it. */
  readonly pid: number
  /** What it writes, from its first byte on. Reading slowly slows the container down. */
  output(): AsyncIterable<OutputChunk>
  /** To its standard input. */
  write(data: string | Uint8Array): void
  endInput(): void
  resize(rows: number, columns: number): void
  wait(): Promise<WaitResult>
  /** Run another program in it and collect its output. */
  exec(command: readonly string[], options?: { readonly user?: string }): Promise<ExecResult>
  /** @param signal default KILL */
  kill(signal?: string): Promise<void>
  /** @param seconds before SIGKILL; default 10 */
  stop(seconds?: number): Promise<void>
  pause(): void
  unpause(): void
  state(): ContainerState
  remove(): Promise<void>
}

/** Start a created container and attach to it. */
export async function startAttached(
  context: EngineContext,
  record: ContainerRecord,
  terminal: { readonly rows: number; readonly columns: number } | undefined,
): Promise<ApiContainer> {
  const started = await startContainer(context, record, { hold: true, terminal })
  const output = new OutputBuffer()
  const { state } = containerFolder(context.folders, record.id)
  const connection = await connectMonitor(
    state,
    { stdin: record.options.interactive, stdout: true, stderr: true },
    { onOutput: (stream, data) => output.push({ stream, data: Buffer.from(data) }) },
  )
  output.onPressure = (isFull) => (isFull ? connection?.pause() : connection?.resume())
  const ended = endOf(started, connection, record)
  // Whoever never asks must not be hit by an unhandled rejection; wait() passes it on.
  void ended.catch(() => undefined).finally(() => output.end())
  return apiContainer({ context, record, started, connection, ended, output })
}

async function endOf(
  started: StartedContainer,
  connection: MonitorConnection | undefined,
  record: ContainerRecord,
): Promise<EndOutcome> {
  const outcome = (await connection?.ended) ?? (await started.ended)
  if (outcome) return outcome
  throw new OperationError(
    'PROTOCOL',
    'wait for the end of a container',
    { name: record.name },
    {
      hint: 'Its monitor was killed: nobody saw how it ended',
    },
  )
}

interface Parts {
  readonly context: EngineContext
  readonly record: ContainerRecord
  readonly started: StartedContainer
  readonly connection: MonitorConnection | undefined
  readonly ended: Promise<EndOutcome>
  readonly output: OutputBuffer
}

function apiContainer({
  context,
  record,
  started,
  connection,
  ended,
  output,
}: Parts): ApiContainer {
  return {
    id: record.id,
    name: record.name,
    pid: started.pid,
    output: () => output,
    write: (data) => connection?.write(typeof data === 'string' ? Buffer.from(data) : data),
    endInput: () => connection?.endInput(),
    resize: (rows, columns) => connection?.resize(rows, columns),
    async wait() {
      const { exitCode, signal, oomKills } = await ended
      return { exitCode, signal, oomKilled: oomKills > 0 }
    },
    exec: (command, options = {}) => execCollected(context, record, command, options.user),
    kill: (signal = 'KILL') => killContainer(context, record.id, signal),
    stop: (seconds) => stopContainer(context, record.id, { timeout: seconds }),
    pause: () => pauseContainer(context, record.id),
    unpause: () => unpauseContainer(context, record.id),
    state: () => readState(context.folders, record),
    remove: () => removeContainer(context, record.id, { force: true, volumes: true }),
  }
}

async function execCollected(
  context: EngineContext,
  record: ContainerRecord,
  command: readonly string[],
  user: string | undefined,
): Promise<ExecResult> {
  const started = await startExec(context, record, {
    command,
    env: [],
    interactive: false,
    tty: false,
    privileged: false,
    user,
    preserveFds: 0,
    stdio: { kind: 'pipes', stdin: false },
    hold: true,
  })
  const chunks: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
  const connection = await connectMonitor(
    started.stateFolder,
    { stdin: false, stdout: true, stderr: true },
    { onOutput: (stream, data) => void chunks[stream].push(Buffer.from(data)) },
  )
  const outcome = (await connection?.ended) ?? (await started.ended)
  connection?.close()
  if (!outcome)
    throw new OperationError('PROTOCOL', 'wait for a program in a container', {
      name: record.name,
    })
  return {
    exitCode: outcome.exitCode,
    stdout: Buffer.concat(chunks.stdout).toString(),
    stderr: Buffer.concat(chunks.stderr).toString(),
  }
}
