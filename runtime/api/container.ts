import { hasCode } from '../../native/error.ts'
import { containerFolder } from '../container/container-folder.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { startExec } from '../container/exec.ts'
import { killContainer } from '../container/kill.ts'
import { pauseContainer, unpauseContainer } from '../container/pause.ts'
import { readState } from '../container/read-state.ts'
import type { ContainerRecord } from '../container/record.ts'
import { removeContainer } from '../container/remove.ts'
import { startContainer } from '../container/start.ts'
import type { ContainerState } from '../container/state.ts'
import { stopContainer } from '../container/stop.ts'
import {
  type ApiProcess,
  type CollectedResult,
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
  const started = await startContainer(context, record, { hold: true, terminal, onPreExec })
  const main = attachProcess(started, streams ?? openStreams(state, wanted))
  const start: ApiContainer['start'] = (command, options) =>
    startAttachedExec(context, record, command, options)
  const remove = () => removeIfPresent(context, record)
  return {
    ...main,
    id: record.id,
    name: record.name,
    exec: async (command, options) => (await start(command, options)).collect(),
    start,
    kill: (signal = 'KILL') => killContainer(context, record.id, signal),
    stop: (seconds) => stopContainer(context, record.id, { timeout: seconds }),
    pause: () => pauseContainer(context, record.id),
    unpause: () => unpauseContainer(context, record.id),
    state: () => readState(context.folders, record),
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
    command,
    env: Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`),
    workdir: options.workdir,
    interactive: stdin,
    tty: options.terminal !== undefined,
    privileged: false,
    user: options.user,
    preserveFds: 0,
    stdio: options.terminal ? { kind: 'terminal', ...options.terminal } : { kind: 'pipes', stdin },
    hold: true,
    onPreExec: (stateFolder) => void (streams = openStreams(stateFolder, wanted)),
  })
  return attachProcess(started, streams ?? openStreams(started.stateFolder, wanted))
}
