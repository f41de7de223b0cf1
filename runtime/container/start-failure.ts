import { existsSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { hostArchitecture } from '../../native/syscall-numbers/number.ts'
import {
  explainDeath,
  explainFailure,
  failedProgram,
  isExecStep,
  programArguments,
} from '../program/failure.ts'
import type { Program } from '../program/program.ts'
import type { Config, Process } from '../spec/config.ts'
import { containerFolder } from './container-folder.ts'
import { type ContainerView, viewOfConfig, viewOfProcess } from './container-view.ts'
import type { EngineContext } from './engine-context.ts'
import {
  type ProgramLookup,
  findInPath,
  inspectProgram,
  nearestProgram,
  searchPath,
} from './inspect-program.ts'
import type { PreparedStart } from './prepare-start.ts'
import type { ContainerRecord } from './record.ts'
import type { StartOutcome } from './zygote.ts'

type Failure = Exclude<StartOutcome, { kind: 'running' }>

/** Signal of the kernel's out-of-memory killer. */
const SIGKILL = 9

/** Why a container did not start, with what the user can do about it. */
export function explainStartFailure(
  context: EngineContext,
  record: ContainerRecord,
  prepared: PreparedStart,
  outcome: Failure,
): OperationError {
  const { config, program, root } = prepared
  const { upper } = containerFolder(context.folders, record.id)
  const hasUpper = !record.options.rootfs && existsSync(upper)
  return explainFailedStart({
    program,
    process: config.process,
    config,
    outcome,
    openView: () => viewOfConfig([...root.layerFolders, ...(hasUpper ? [upper] : [])], config),
  })
}

/** The same for a program that was to be executed in a running container. */
export function explainExecFailure(
  _record: ContainerRecord,
  program: Program,
  process: Process,
  pid: number,
  outcome: Failure,
): OperationError {
  return explainFailedStart({ program, process, outcome, openView: () => viewOfProcess(pid) })
}

/** A start that failed, as anybody knows it who has compiled one. */
export interface FailedStart {
  readonly program: Program
  readonly process: Process | undefined
  /** Absent for an exec. */
  readonly config?: Config | undefined
  readonly outcome: Failure
  readonly openView: () => ContainerView
}

/** Why it did, with what can be done about it. */
export function explainFailedStart(failed: FailedStart): OperationError {
  const { program, outcome, config, process } = failed
  const memoryLimit = config?.linux?.resources?.memory?.limit
  if (outcome.kind === 'died' && outcome.pc === outerDied)
    return explainKilledMonitor(outcome.signal)
  if (outcome.kind === 'died') {
    // The control group, with its count of kills, is gone by now; nothing else kills so early.
    const oomKills = memoryLimit !== undefined && outcome.signal === SIGKILL ? 1 : 0
    return explainDeath(outcome.signal, { oomKills, memoryLimit })
  }
  if (outcome.kind !== 'failed') return explainSilence(outcome.kind)
  if (process && isExecStep(program.steps[outcome.pc])) return explainExec(failed, process, outcome)
  return explainFailure(program, outcome, { memoryLimit })
}

/** Of a DIED record of the zygote's: not the container was killed but who prepared it. */
const outerDied = 0

function explainKilledMonitor(signal: number): OperationError {
  return new OperationError(
    'START_FAILED',
    'prepare the container',
    { signal, problem: 'its monitor was killed' },
    { hint: 'What it had begun was taken back: start it again', exitCode: 125 },
  )
}

function explainSilence(kind: 'created' | 'lost'): OperationError {
  if (kind === 'created')
    return new OperationError('PROTOCOL', 'start the container', { state: 'waits at its gate' })
  return new OperationError(
    'START_FAILED',
    'start the container',
    { problem: 'the process that starts containers was killed' },
    { hint: 'What it had begun was taken back or will be by the next command: start it again' },
  )
}

type FailedOutcome = Failure & { readonly kind: 'failed' }

/** The container's program: what the file itself says is more than the kernel's errno. */
function explainExec(
  { program, config, openView }: FailedStart,
  process: Process,
  outcome: FailedOutcome,
): OperationError {
  using view = openOrNothing(openView)
  const [name = ''] = programArguments(program)
  const path = failedProgram(program, outcome.pc) ?? (view && findInPath(view, name, process))
  const lookup: ProgramLookup = {
    process,
    architecture: hostArchitecture,
    areIdsHosts: (config?.linux?.uidMappings ?? []).length === 0,
  }
  const exec = view && path !== undefined ? inspectProgram(view, path, lookup) : undefined
  const error = explainFailure(program, outcome, { exec, found: path })
  const isMissing = error.exitCode === 127 && (exec === undefined || exec.kind === 'missing')
  if (!isMissing || !view) return headlined(error)
  if (exec?.danglingTo !== undefined) return headlined(error)
  const near = nearestProgram(view, name, process)
  const searched = name.includes('/') ? {} : { PATH: searchPath(process).join(':') }
  return headlined(error, searched, near && `Did you mean ${near}?`)
}

/** A cause is worth more than a code, so it comes first. */
function headlined(
  error: OperationError,
  detail: Readonly<Record<string, string>> = {},
  hint: string | undefined = error.hint,
): OperationError {
  const { cause, ...rest } = error.detail
  return new OperationError(
    error.code,
    `execute the program: ${String(cause)}`,
    { ...rest, ...detail },
    { hint, exitCode: error.exitCode },
  )
}

/** A look at the files may be refused (no right to mount, container gone): the errno must do then. */
function openOrNothing(open: () => ContainerView): ContainerView | undefined {
  try {
    return open()
  } catch {
    return undefined
  }
}
