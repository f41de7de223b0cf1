import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { ExecOptions, RunResult } from '../cli/engine.ts'
import { compileExec } from '../program/compile-exec.ts'
import type { CompileStdio } from '../program/compile-input.ts'
import type { Program } from '../program/program.ts'
import { encodeProgram } from '../program/encode.ts'
import type { Config, Process } from '../spec/config.ts'
import { capabilitySets, chooseCapabilities } from '../security/capabilities.ts'
import { accountsOf } from './accounts.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import { endEventStart, eventsPath, publishExecStart } from './events.ts'
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
import { rootOfRecord } from './resolve-image.ts'
import { terminalSize } from './run.ts'
import { runningConfig } from './running-config.ts'
import type { ContainerState } from './state.ts'
import type { EndOutcome } from './zygote.ts'

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
    onCompiled: (program) => explain && io.stderr.write(explain(program)),
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
  const state = requireRunning(context, record)
  const folder = containerFolder(context.folders, record.id)
  const { start, config } = runningConfig(context, record, state)
  const process = await execProcess(context, record, config, wish)
  const id = newContainerId()
  const stateFolder = join(folder.executions, id)
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 })
  const program = compileExec({
    id,
    host: { ...context.facts, cgroupMode: context.facts.cgroups.mode },
    stdio: wish.stdio,
    stateDir: stateFolder,
    log: undefined,
    monitor: {
      hold: wish.hold,
      keepStdin: false,
      events: {
        path: eventsPath(context.folders),
        ended: endEventStart(record, 'exec_die', { execID: id }),
      },
      stdinOnce: wish.interactive,
      ...(wish.timeoutMs === undefined ? {} : { timeoutMs: wish.timeoutMs }),
    },
    ...preservedDescriptors(context, wish.preserveFds),
    process,
    config,
    target: { pid: state.pid },
    cgroup: start && {
      cloneInto: start.cgroup.v2,
      join: Object.values(start.cgroup.v1).map((group) => join(group, 'cgroup.procs')),
    },
    landlock: landlockOfExec(record.options, config),
    remove: [{ folder: folder.executions, name: id }],
  })
  wish.onCompiled?.(program)
  // Before it, so that it cannot be told of its end first.
  publishExecStart(context.folders, record, id, wish.command)
  const run = context.zygote.submit(encodeProgram(program, { reasons: false }), {
    onPreExec: () => wish.onPreExec?.(stateFolder),
  })
  const outcome = await run.started
  if (outcome.kind === 'running') {
    return { id, pid: outcome.pid, stateFolder, ended: run.ended }
  }
  rmSync(stateFolder, { recursive: true, force: true })
  const { explainExecFailure } = await import('./start-failure.ts')
  throw explainExecFailure(record, program, process, state.pid, outcome)
}

function requireRunning(context: EngineContext, record: ContainerRecord): ContainerState {
  const state = readState(context.folders, record)
  if (state.status === 'running') return state
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

/** The container's own process section with what the user wants otherwise. */
async function execProcess(
  context: EngineContext,
  record: ContainerRecord,
  config: Config,
  wish: ExecStart,
): Promise<Process> {
  const own = config.process
  if (!own) throw new OperationError('INTERNAL', 'read the process section of a container')
  const image = await rootOfRecord(context, record.imageId, record.options)
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
