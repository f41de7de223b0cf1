import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { monotonicMs } from '../../native/clock.ts'
import { OperationError } from '../../native/error.ts'
import type { Program } from '../program/program.ts'
import { containerFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { keepNamespaces } from './namespace-members.ts'
import { type PreparedStart, type StartWish, prepareStart } from './prepare-start.ts'
import { readState } from './read-state.ts'
import { resolveContainer } from './record-store.ts'
import type { ContainerRecord } from './record.ts'
import { isNamedInHosts, refreshPeers } from './refresh-peers.ts'
import { settle } from './settle.ts'
import { writeStartRecord } from './start-record.ts'
import type { EndOutcome, StartOutcome } from './zygote.ts'
import type { ShimRecord } from './zygote-record.ts'

export interface StartedContainer {
  readonly pid: number
  readonly monitorPid: number
  /** Settles after the end and its clean-up; undefined where the channel to the shim was lost. */
  readonly ended: Promise<EndOutcome | undefined>
  /** Compiled when it is asked for. */
  readonly program: Program
  /** What each step took, where the wish asked for it. */
  readonly trace: readonly ShimRecord[]
}

/**
 * Start a container that does not run: compile its configuration to a program of system calls and
 * have the shim carry it out. Comes back once its own program is executed.
 *
 * @throws {OperationError} `START_FAILED` with the step that failed and why, everything taken back;
 *   `BAD_STATE` where it runs already; `UNSUPPORTED`, `NOT_FOUND`, `ALREADY_EXISTS` (ports) before
 *   anything is changed
 */
export async function startContainer(
  context: EngineContext,
  record: ContainerRecord,
  wish: StartWish,
): Promise<StartedContainer> {
  if (record.options.requires) await startRequired(context, record.options.requires)
  return withContainerLock(context.folders, record.id, async () => {
    // The first start finds nothing of an earlier one.
    if (existsSync(containerFolder(context.folders, record.id).start)) {
      await cleanedUp(context, record)
      requireStartable(context, record)
      settle(context.folders, record)
    }
    const prepared = await prepareStart(context, record, wish)
    return runPrepared(context, record, prepared, wish.onPreExec)
  })
}

/** One that runs, or is paused, will do. @throws {OperationError} as `startContainer`, of the first that does not start */
async function startRequired(context: EngineContext, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const record = resolveContainer(context.folders, name)
    if (readState(context.folders, record).pid === 0)
      await startContainer(context, record, { hold: false })
  }
}

/** How long the monitor of the last run may take to clean up, and how often it is looked at, ms. */
const cleanUpPatienceMs = 10_000
const cleanUpPollMs = 2

/**
 * Let the monitor of a run that has ended finish: it would take groups, leases and files of the
 * new run for those of its own. The command that it becomes itself may go on.
 */
async function cleanedUp({ folders }: EngineContext, record: ContainerRecord): Promise<void> {
  const deadline = monotonicMs() + cleanUpPatienceMs
  for (;;) {
    const { status, monitorPid } = readState(folders, record)
    if (status !== 'exited' || monitorPid === 0 || monitorPid === process.pid) return
    if (monotonicMs() > deadline) return
    await new Promise((resolve) => setTimeout(resolve, cleanUpPollMs))
  }
}

function requireStartable({ folders }: EngineContext, record: ContainerRecord): void {
  const state = readState(folders, record)
  const isLive = state.pid !== 0 || state.status === 'dead'
  if (isLive)
    throw new OperationError('BAD_STATE', `start the container ${record.name}`, {
      status: state.status,
    })
}

async function runPrepared(
  context: EngineContext,
  record: ContainerRecord,
  prepared: PreparedStart,
  onPreExec: StartWish['onPreExec'],
): Promise<StartedContainer> {
  const folder = containerFolder(context.folders, record.id)
  const isDurable = !record.options.rm
  // Together: in between, the run before is forgotten and this one not known.
  rmSync(folder.state, { recursive: true, force: true })
  writeStartRecord(folder, prepared.start, isDurable)
  mkdirSync(folder.state, { mode: 0o700 })
  const label = prepared.config.linux?.mountLabel
  if (label !== undefined) {
    const { labelFiles } = await import('./label-files.ts')
    labelFiles(folder, record.options, record.mounts, label)
  }
  writeFileSync(folder.config, prepared.configText, { mode: 0o600 })
  const run = context.zygote.submit(prepared.submission, { onPreExec })
  prepared.underWay()
  const outcome = await run.started
  prepared.release()
  if (outcome.kind === 'running') {
    keepNamespaces(context, outcome.monitorPid)
    for (const one of prepared.start.network?.attachments ?? [])
      if (isNamedInHosts(one)) refreshPeers(context.folders, one.network)
    writePidfile(record, outcome.pid)
    context.spares?.replenish()
    return {
      ...outcome,
      ended: run.ended,
      get program() {
        return prepared.program
      },
      trace: run.trace,
    }
  }
  throw await failStart(context, record, prepared, outcome)
}

/** `--pidfile`: the number alone, as other engines write it. */
function writePidfile({ options: { pidfile } }: ContainerRecord, pid: number): void {
  if (pidfile === undefined) return
  try {
    writeFileSync(pidfile, String(pid))
  } catch (cause) {
    throw new OperationError(
      'INVALID_ARGUMENT',
      'write the pid file of a container that runs now',
      { path: pidfile, pid },
      { cause, hint: 'Name a file in a folder that exists' },
    )
  }
}

/** Keep the reason for `ps` and `inspect`, take back what the shim could not know of. */
async function failStart(
  context: EngineContext,
  record: ContainerRecord,
  prepared: PreparedStart,
  outcome: Exclude<StartOutcome, { kind: 'running' }>,
): Promise<OperationError> {
  const { explainStartFailure } = await import('./start-failure.ts')
  const folder = containerFolder(context.folders, record.id)
  const error = explainStartFailure(context, record, prepared, outcome)
  const failure = { message: error.message, exitCode: error.exitCode ?? 125 }
  prepared.undo()
  if (outcome.kind === 'died' || outcome.kind === 'lost') settleIfPossible(context, record)
  // With --rm the shim has removed the folder by now.
  if (!record.options.rm) writeStartRecord(folder, { ...prepared.start, failure }, true)
  publishContainerEvent(context.folders, record, 'die', { exitCode: String(failure.exitCode) })
  return error
}

/** A monitor that was killed has cleaned nothing up; what resists now is left to the next command. */
function settleIfPossible({ folders }: EngineContext, record: ContainerRecord): void {
  try {
    settle(folders, record)
  } catch (error) {
    if (!(error instanceof OperationError)) throw error
  }
}
