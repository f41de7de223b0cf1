import { OperationError } from '../../native/error.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { AttachOptions, RunResult, StartOptions } from '../cli/engine.ts'
import { planAttach } from './attach-plan.ts'
import { createContainer } from './create.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import type { ContainerOptions } from './options.ts'
import type { PreparedStart } from './prepare-start.ts'
import type { ContainerRecord } from './record.ts'
import { readState } from './read-state.ts'
import { resolveContainer } from './record-store.ts'
import { removeContainer } from './remove.ts'
import { prepareRootless } from './rootless-start.ts'
import { type StartedContainer, startContainer } from './start.ts'
import { withTerminalDefaults } from './terminal-defaults.ts'

/** What `run --explain` and `--timings` hear of a run. */
export interface RunWatch {
  readonly trace?: boolean
  readonly onCreated?: () => void
  readonly onPrepared?: (record: ContainerRecord, prepared: PreparedStart) => void
  readonly onStarted?: (record: ContainerRecord, started: StartedContainer) => void
}

/**
 * `run`: create, start, and stay in the foreground unless detached.
 *
 * @throws {OperationError} whatever create and start throw; with `--rm` nothing is left then
 */
export async function runContainer(
  context: EngineContext,
  wanted: ContainerOptions,
  io: CommandIo,
  watch: RunWatch = {},
): Promise<RunResult> {
  const options = withTerminalDefaults(wanted, io)
  prepareRootless(context, options, noteTo(io))
  const record = await createContainer(context, options)
  watch.onCreated?.()
  try {
    if (io.isGone?.()) throw new OperationError('TIMEOUT', 'run for a client that went away')
    const started = await startContainer(context, record, {
      hold: !options.detach,
      terminal: terminalSize(io),
      trace: watch.trace,
      onPrepared: (prepared) => watch.onPrepared?.(record, prepared),
    })
    watch.onStarted?.(record, started)
  } catch (error) {
    if (options.rm) await removeWhatIsLeft(context, record)
    throw error
  }
  if (options.detach) return { id: record.id }
  const attach = { stdin: true, sigProxy: options.sigProxy, detachKeys: options.detachKeys }
  return { id: record.id, exitCode: await attachTo(context, record, attach, io) }
}

/** The shim may have removed it already; either way the error to report is the start's. */
async function removeWhatIsLeft(context: EngineContext, record: ContainerRecord): Promise<void> {
  try {
    await removeContainer(context, record.id, { force: true, volumes: true })
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'NOT_FOUND') throw error
  }
}

/** `start`, in the background unless asked otherwise; one that runs already is left alone. */
export async function startAgain(
  context: EngineContext,
  reference: string,
  options: StartOptions,
  io: CommandIo,
): Promise<RunResult> {
  const record = resolveContainer(context.folders, reference)
  const state = readState(context.folders, record)
  if (state.status === 'paused')
    throw new OperationError(
      'BAD_STATE',
      `start the container ${record.name}`,
      { status: 'paused' },
      { hint: `Let it go on with: mycontainer unpause ${record.name}` },
    )
  if (state.pid === 0) {
    prepareRootless(context, record.options, noteTo(io))
    const format = options.explain
    const { explanation } = format ? await import('./explain-run.ts') : { explanation: undefined }
    await startContainer(context, record, {
      hold: options.attach !== undefined,
      terminal: terminalSize(io),
      onPrepared: (prepared) =>
        format && explanation && io.stderr.write(explanation(context, record, prepared, format)),
    })
  }
  if (!options.attach) return { id: record.id }
  return { id: record.id, exitCode: await attachTo(context, record, options.attach, io) }
}

/** @throws {OperationError} `BAD_STATE` where the container does not run */
export async function attachContainer(
  context: EngineContext,
  reference: string,
  options: AttachOptions,
  io: CommandIo,
): Promise<RunResult> {
  const record = resolveContainer(context.folders, reference)
  const { status } = readState(context.folders, record)
  if (status !== 'running')
    throw new OperationError(
      'BAD_STATE',
      `attach to the container ${record.name}`,
      { status },
      { hint: 'It must be running', exitCode: 1 },
    )
  return { id: record.id, exitCode: await attachTo(context, record, options, io) }
}

async function attachTo(
  context: EngineContext,
  record: ContainerRecord,
  options: AttachOptions,
  io: CommandIo,
): Promise<number | undefined> {
  publishContainerEvent(context.folders, record, 'attach')
  return io.attach(planAttach(context.folders, record, options))
}

function noteTo(io: CommandIo): (text: string) => void {
  return (text) => void io.stderr.write(`mycontainer: ${text}\n`)
}

/** The user's terminal, where the command has one. */
export function terminalSize(io: CommandIo): { rows: number; columns: number } | undefined {
  return io.stdoutIsTty ? { rows: io.rows, columns: io.columns } : undefined
}
