import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { groupOfProcess } from '../cgroup/group-of-process.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { ExecOptions, RunResult } from '../cli/engine.ts'
import { compileExec } from '../program/compile-exec.ts'
import type { CompileExecInput, CompileStdio } from '../program/compile-input.ts'
import type { Program } from '../program/program.ts'
import type { Config, Process } from '../spec/config.ts'
import { capabilitySets, chooseCapabilities } from '../security/capabilities.ts'
import { accountsOf } from './accounts.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { beginEvent, eventsPath, publishExecStart } from './events.ts'
import { execProgram } from './exec-program.ts'
import { newContainerId } from './identifier.ts'
import { landlockOfExec } from './landlock-of.ts'
import { requireMappedUser } from './mapped-ids.ts'
import { resolveUser } from './oci-config/resolve-user.ts'
import type { ExplanationFormat } from './options.ts'
import { mergeEnvironment } from './parse/environment.ts'
import { preservedDescriptors } from './preserved-descriptors.ts'
import type { ContainerRecord } from './record.ts'
import { readState } from './read-state.ts'
import { resolveContainer } from './record-store.ts'
import { type RootSource, rootOfRecord } from './resolve-image.ts'
import { terminalSize } from './run.ts'
import { type RunningConfig, knownRunning, runningConfig } from './running-config.ts'
import type { EndOutcome, StartOutcome } from './zygote.ts'

/** A process started in a running container. */
export interface StartedExec {
  readonly id: string
  readonly pid: number
  /** Where its monitor writes and listens. */
  readonly stateFolder: string
  readonly ended: Promise<EndOutcome | undefined>
}

export interface ExecStart extends Omit<ExecOptions, 'detach' | 'detachKeys'> {
  readonly stdio: CompileStdio
  /** Hold back output until a client has attached. */
  readonly hold: boolean
  /** What it writes and how it ends is told with the records of the shim alone; no folder is made. Default false. */
  readonly tell?: boolean | undefined
  readonly timeoutMs?: number | undefined
  /** Told where its monitor listens once its program is about to be executed. */
  readonly onPreExec?: ((stateFolder: string) => void) | undefined
  /** Told before anything is done. */
  readonly onCompiled?: ((program: Program) => void) | undefined
}

/**
 * `exec`: run another program in a running container.
 *
 * @throws {OperationError} `BAD_STATE` where it does not run; `START_FAILED` with exit code 126 or
 *   127 where the program cannot be executed
 */
export async function execInContainer(
  context: EngineContext,
  reference: string,
  options: ExecOptions,
  io: CommandIo,
): Promise<RunResult> {
  if (options.tty && options.interactive && !options.detach && !io.stdinIsTty)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'give the program a terminal: the input device is not a terminal',
      {},
      { hint: 'Leave out -t when input comes from a pipe or a file', exitCode: 1 },
    )
  const record = resolveContainer(context.folders, reference)
  const size = terminalSize(io) ?? { rows: 24, columns: 80 }
  const stdio: CompileStdio = options.tty
    ? { kind: 'terminal', ...size }
    : options.detach
      ? { kind: 'null' }
      : { kind: 'pipes', stdin: options.interactive }
  const explain = options.explain && (await programExplainer(options.explain))
  const started = await startExec(context, record, {
    ...options,
    stdio,
    hold: !options.detach,
    ...(explain ? { onCompiled: (program) => io.stderr.write(explain(program)) } : {}),
  })
  if (options.detach) return { id: started.id }
  const exitCode = await io.attach({
    stateFolder: started.stateFolder,
    stdin: options.interactive,
    stdout: true,
    stderr: true,
    tty: options.tty,
    sigProxy: !options.tty,
    detachKeys: options.detachKeys,
  })
  return { id: started.id, exitCode }
}

async function programExplainer(format: ExplanationFormat): Promise<(program: Program) => string> {
  if (format === 'text') return (await import('../program/explain.ts')).formatExplanation
  const { stepDocuments } = await import('../program/program-document.ts')
  return (program) =>
    `${JSON.stringify({ architecture: program.architecture, steps: stepDocuments(program) })}\n`
}

/** Start a program in a running container; comes back once it is executed. */
export async function startExec(
  context: EngineContext,
  record: ContainerRecord,
  wish: ExecStart,
): Promise<StartedExec> {
  const input = await planExec(context, record, wish)
  const { id, stateDir: stateFolder } = input
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 })
  wish.onCompiled?.(compileExec(input))
  // Before it, so that it cannot be told of its end first.
  publishExecStart(context.folders, record, id, wish.command)
  const run = context.zygote.submit(execProgram(input), {
    onPreExec: () => wish.onPreExec?.(stateFolder),
  })
  const outcome = await run.started
  if (outcome.kind === 'running') {
    return { id, pid: outcome.pid, stateFolder, ended: run.ended }
  }
  rmSync(stateFolder, { recursive: true, force: true })
  throw await execFailure(record, input, outcome)
}

/** Why a program did not come to be executed. */
export async function execFailure(
  record: ContainerRecord,
  input: CompileExecInput,
  outcome: Exclude<StartOutcome, { kind: 'running' }>,
): Promise<OperationError> {
  const { explainExecFailure } = await import('./start-failure.ts')
  const { process, target } = input
  return explainExecFailure(record, compileExec(input), process, target.pid, outcome)
}

/**
 * Everything that the program of an exec is compiled from; nothing is done yet.
 *
 * @throws {OperationError} `BAD_STATE` where the container does not run; `NOT_FOUND` for an unknown user
 */
export async function planExec(
  context: EngineContext,
  record: ContainerRecord,
  wish: ExecStart,
): Promise<CompileExecInput> {
  const { start, config, pid } = requireRunning(context, record)
  const folder = containerFolder(context.folders, record.id)
  const process = await execProcess(context, record, config, wish)
  const id = newContainerId()
  return {
    id,
    host: { ...context.facts, cgroupMode: context.facts.cgroups.mode },
    stdio: wish.stdio,
    stateDir: join(folder.executions, id),
    log: undefined,
    monitor: {
      hold: wish.hold,
      keepStdin: false,
      events: {
        path: eventsPath(context.folders),
        ended: beginEvent(record, 'exec_die', { execID: id }),
      },
      stdinOnce: wish.interactive,
      tell: wish.tell,
      unrecorded: true,
      ...(wish.timeoutMs === undefined ? {} : { timeoutMs: wish.timeoutMs }),
    },
    ...preservedDescriptors(context, wish.preserveFds),
    process,
    config,
    bundle: folder.path,
    target: { pid },
    cgroup: start && {
      cloneInto: groupOfProcess(pid, start.cgroup),
      join: Object.values(start.cgroup.v1).map((group) => join(group, 'cgroup.procs')),
    },
    landlock: landlockOfExec(record.options, config),
    remove: wish.tell ? [] : [{ folder: folder.executions, name: id }],
  }
}

function requireRunning(context: EngineContext, record: ContainerRecord): RunningConfig {
  const known = knownRunning(context, record)
  if (known) return known
  const state = readState(context.folders, record)
  if (state.status === 'running') return runningConfig(context, record, state)
  throw new OperationError(
    'BAD_STATE',
    `execute a program in the container ${record.name}`,
    { status: state.status },
    {
      hint: state.status === 'paused' ? 'Unpause it first' : 'Start it first',
      exitCode: 1,
    },
  )
}

/** By the configuration of a running container: what it was made from stays, even where its image is removed. */
const roots = new WeakMap<Config, RootSource>()

async function rootOfRunning(
  context: EngineContext,
  record: ContainerRecord,
  config: Config,
): Promise<RootSource> {
  const known = roots.get(config)
  if (known) return known
  const root = await rootOfRecord(context, record.imageId, record.options)
  roots.set(config, root)
  return root
}

/** The container's own process section with what the user wants otherwise. */
async function execProcess(
  context: EngineContext,
  record: ContainerRecord,
  config: Config,
  wish: ExecStart,
): Promise<Process> {
  const own = config.process
  if (!own) throw new OperationError('INTERNAL', 'read the process section of a container')
  const image = await rootOfRunning(context, record, config)
  const accounts = await accountsOf(context, record, image, false)
  const user = resolveUser(wish.user ?? record.resolved.user, record.options.groupAdd, accounts)
  if (!config.linux?.uidMappings?.length) requireMappedUser(context, user)
  const capabilities = wish.privileged
    ? chooseCapabilities({
        privileged: true,
        add: [],
        drop: [],
        last: context.facts.lastCapability,
        ...(config.linux?.uidMappings ? {} : { grantable: context.facts.boundingCapabilities }),
      })
    : (own.capabilities?.bounding ?? [])
  const sets = capabilitySets(capabilities)
  return {
    ...own,
    terminal: wish.tty,
    args: [...wish.command],
    cwd: wish.workdir ?? own.cwd,
    env: mergeEnvironment(
      own.env ?? [],
      wish.user === undefined ? [] : [`HOME=${user.home}`],
      wish.tty ? ['TERM=xterm'] : [],
      wish.env,
    ),
    user: {
      uid: user.uid,
      gid: user.gid,
      umask: own.user.umask ?? 0o022,
      additionalGids: [...user.additionalGids],
    },
    capabilities: user.uid === 0 ? sets : { ...sets, effective: [], permitted: [] },
  }
}
