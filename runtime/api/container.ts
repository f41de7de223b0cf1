import { hasCode } from '../../native/error.ts'
import { containerFolder } from '../container/container-folder.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { type ExecStart, startExec } from '../container/exec.ts'
import { canBeTold, runTold } from '../container/exec-told.ts'
import { killContainer } from '../container/kill.ts'
import { pauseContainer, unpauseContainer } from '../container/pause.ts'
import { readState } from '../container/read-state.ts'
import type { ContainerRecord } from '../container/record.ts'
import { resolveContainer } from '../container/record-store.ts'
import { removeContainer } from '../container/remove.ts'
import { startContainer } from '../container/start.ts'
import type { ContainerState } from '../container/state.ts'
import { stopContainer } from '../container/stop.ts'
import {
  type ApiProcess,
  type CollectedResult,
  type OutputChunk,
  type ProcessStreams,
  attachProcess,
  openStreams,
} from './attached-process.ts'

/** Another program to run in a container. */
export interface ExecApiOptions {
  /** `name`, `uid` or `uid:gid`. Default: the container's. */
  readonly user?: string | undefined
  readonly workdir?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** Keep standard input open for `write`. Default false. */
  readonly stdin?: boolean | undefined
  /** A terminal of this size. Absent: pipes. */
  readonly terminal?: TerminalSize | undefined
}

export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

/** A running (or ended) container. */
export interface ApiContainer extends ApiProcess, AsyncDisposable {
  readonly id: string
  readonly name: string
  /** Run another program in it and collect its output. @throws {OperationError} `START_FAILED` */
  exec(command: readonly string[], options?: ExecApiOptions): Promise<CollectedResult>
  /** Run another program in it, with its input and output as it goes. */
  start(command: readonly string[], options?: ExecApiOptions): Promise<ApiProcess>
  /** With KILL, the default, it has ended afterwards. @throws {OperationError} `BAD_STATE` */
  kill(signal?: string): Promise<void>
  /** @param seconds before SIGKILL; default 10 */
  stop(seconds?: number): Promise<void>
  pause(): void
  unpause(): void
  /** @throws {OperationError} `NOT_FOUND` where it was removed */
  state(): ContainerState
  /** Kill it if it runs, and remove it; fine where it is gone already. `await using` does this. */
  remove(): Promise<void>
}

/** Start a created container and attach to it. */
export async function startAttached(
  context: EngineContext,
  record: ContainerRecord,
  terminal: TerminalSize | undefined,
): Promise<ApiContainer> {
  const { state } = containerFolder(context.folders, record.id)
  const wanted = { stdin: record.options.interactive, stdout: true, stderr: true }
  let streams: ProcessStreams | undefined
  const onPreExec = (): void => void (streams = openStreams(state, wanted))
  const wish = { hold: true, terminal, onPreExec, isPrompt: true }
  const started = await startContainer(context, record, wish)
  const main = attachProcess(started, streams ?? openStreams(state, wanted))
  const start: ApiContainer['start'] = (command, options) =>
    startAttachedExec(context, record, command, options)
  const remove = () => removeIfPresent(context, record)
  return {
    ...main,
    id: record.id,
    name: record.name,
    async exec(command, options) {
      const isTold = !options?.stdin && options?.terminal === undefined && canBeTold(context)
      if (isTold) return collectExec(context, record, command, options)
      return (await start(command, options)).collect()
    },
    start,
    kill: (signal = 'KILL') => killContainer(context, record.id, signal),
    stop: (seconds) => stopContainer(context, record.id, { timeout: seconds }),
    pause: () => pauseContainer(context, record.id),
    unpause: () => unpauseContainer(context, record.id),
    state: () => readState(context.folders, resolveContainer(context.folders, record.id)),
    remove,
    [Symbol.asyncDispose]: remove,
  }
}

/** The shim removes it too where `remove` is set: who came first does not matter. */
export async function removeIfPresent(
  context: EngineContext,
  record: ContainerRecord,
): Promise<void> {
  try {
    await removeContainer(context, record.id, { force: true, volumes: true })
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND')) throw error
  }
}

type Wish = Pick<ExecStart, 'command' | 'env' | 'workdir' | 'user' | 'privileged'>

function execWish(command: readonly string[], options: ExecApiOptions): Wish {
  return {
    command,
    env: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
    workdir: options.workdir,
    user: options.user,
    privileged: false,
  }
}

/** To its end, with all that it writes. */
async function collectExec(
  context: EngineContext,
  record: ContainerRecord,
  command: readonly string[],
  options: ExecApiOptions = {},
): Promise<CollectedResult> {
  const chunks: Record<OutputChunk['stream'], Buffer[]> = { stdout: [], stderr: [] }
  const wish = execWish(command, options)
  const { exitCode, signal, oomKills } = await runTold(context, record, wish, (stream, data) => {
    chunks[stream].push(Buffer.from(data))
  })
  const text = (stream: OutputChunk['stream']): string => Buffer.concat(chunks[stream]).toString()
  return {
    exitCode,
    signal,
    oomKilled: oomKills > 0,
    stdout: text('stdout'),
    stderr: text('stderr'),
  }
}

async function startAttachedExec(
  context: EngineContext,
  record: ContainerRecord,
  command: readonly string[],
  options: ExecApiOptions = {},
): Promise<ApiProcess> {
  const stdin = options.stdin ?? false
  const wanted = { stdin, stdout: true, stderr: true }
  let streams: ProcessStreams | undefined
  const started = await startExec(context, record, {
    ...execWish(command, options),
    interactive: stdin,
    tty: options.terminal !== undefined,
    preserveFds: 0,
    stdio: options.terminal ? { kind: 'terminal', ...options.terminal } : { kind: 'pipes', stdin },
    hold: true,
    onPreExec: (stateFolder) => void (streams = openStreams(stateFolder, wanted)),
  })
  return attachProcess(started, streams ?? openStreams(started.stateFolder, wanted))
}
