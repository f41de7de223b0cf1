import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CopyOperand } from '../../build-steps/copy-request.ts'
import type { StepFolder } from '../../build-steps/step-folder.ts'
import type { StoredLayer } from '../../store/layer-note.ts'
import type { Lease } from '../../store/lease.ts'
import { complain } from '../dockerfile/dockerfile-error.ts'
import { scriptFolder } from '../dockerfile/parse-run.ts'
import type { Origin } from '../graph/resolve-stages.ts'
import { excludeRules } from '../ignore-rules.ts'
import type { CopyStepPlan, FileStepPlan, RunStepPlan } from '../plan/planned-step.ts'
import { defaultPath } from '../plan/stage-state.ts'
import type { BuildRequest, BuildTools } from './build-request.ts'
import { patternsOf } from './collect-inputs.ts'
import type { Downloads } from './downloads.ts'
import { atInstruction } from './load-base.ts'
import { resolveMounts } from './resolve-mounts.ts'
import type { StepSources } from './step-sources.ts'

/** What performing a step needs. */
export interface PerformScope {
  readonly lease: Lease
  readonly request: BuildRequest
  readonly tools: BuildTools
  readonly sources: StepSources
  readonly downloads: Downloads
  /** Layer folders of what a "from" names. */
  readonly foldersOf: (origin: Origin) => Promise<readonly string[]>
  readonly titleOf: (origin: Origin) => string
  /** Ends when the build is given up. */
  readonly signal: AbortSignal
  readonly onOutput: (stream: 'stdout' | 'stderr', data: Buffer) => void
  readonly onNote: (text: string) => void
}

/** Layers below a step. */
export interface Below {
  readonly chainIds: readonly string[]
  readonly folders: readonly string[]
}

/**
 * Carry out one step and make a layer of what it changed.
 *
 * @returns undefined where it changed nothing
 * @throws {DockerfileError} pointing at the instruction
 */
export async function performStep(
  plan: FileStepPlan,
  below: Below,
  scope: PerformScope,
): Promise<StoredLayer | undefined> {
  const { makeStepFolder } = await import('../../build-steps/step-folder.ts')
  const { commitStep } = await import('../../build-steps/commit-step.ts')
  const step = makeStepFolder(scope.lease, below.folders)
  try {
    await atInstruction(plan.source, '', () => perform(plan, step, scope))
    const { epoch } = scope.request
    return await commitStep(scope.lease, step, {
      below: below.chainIds,
      epoch,
      onNote: scope.onNote,
      signal: scope.signal,
    })
  } finally {
    step.discard()
  }
}

async function perform(plan: FileStepPlan, step: StepFolder, scope: PerformScope): Promise<void> {
  const time = { seconds: scope.request.epoch ?? Math.floor(Date.now() / 1000), nanoseconds: 0 }
  if (plan.kind === 'run') return runCommand(plan, step, scope)
  if (plan.kind === 'copy') return copyFiles(plan, step, time, scope)
  const { workdirStep } = await import('../../build-steps/workdir-step.ts')
  workdirStep(step, plan.path, { user: plan.user, time })
}

async function copyFiles(
  plan: CopyStepPlan,
  step: StepFolder,
  time: { seconds: number; nanoseconds: number },
  scope: PerformScope,
): Promise<void> {
  const { copyStep } = await import('../../build-steps/copy-step.ts')
  const { origin } = plan
  const isNeeded = patternsOf(plan).length > 0
  const source = !isNeeded
    ? undefined
    : origin
      ? await scope.sources.layers(await scope.foldersOf(origin), scope.titleOf(origin))
      : await scope.sources.context(plan.source)
  const operands = await Promise.all(
    plan.operands.map(async (operand): Promise<CopyOperand> => {
      if (operand.kind !== 'url') return operand
      return { kind: 'download', ...(await scope.downloads.get(operand.url, plan.checksum)) }
    }),
  )
  const { destination, chown, chmod, link, parents, exclude } = plan
  const unpack = plan.unpack ?? false
  const { signal } = scope
  const excludes = exclude.length === 0 ? undefined : excludeRules(exclude)
  const flags = { chown, chmod, link, parents, excludes, unpack, signal }
  await copyStep(step, { operands, source, destination, time, ...flags })
}

async function runCommand(plan: RunStepPlan, step: StepFolder, scope: PerformScope): Promise<void> {
  const { request, tools } = scope
  const { command, workdir, user, network, insecure } = plan
  const mounts = await resolveMounts(plan, scope)
  const result = await tools.runStep({
    ...request.limits,
    step,
    command,
    env: withDefaults(plan, request),
    workdir,
    user,
    network,
    insecure,
    mounts: plan.script ? [...mounts, scriptMount(plan.script, scope)] : mounts,
    addHosts: request.addHosts,
    onOutput: scope.onOutput,
    signal: scope.signal,
  })
  if (result.exitCode === 0) return
  const reason = result.oomKilled ? 'ran out of memory' : `ended with exit code ${result.exitCode}`
  throw complain(plan.source, {
    code: 'START_FAILED',
    problem: `the command ${reason}`,
    hint: hintOf(result.exitCode),
  })
}

function hintOf(exitCode: number): string | undefined {
  if (exitCode === 127)
    return 'A program was not found: see what PATH is, and whether it is installed'
  if (exitCode === 126) return 'A program could not be executed: see its mode and its interpreter'
  return exitCode === 137 ? 'It was killed, perhaps for want of memory' : undefined
}

/** Proxies of the command line reach every command, without a trace in image or key. */
function withDefaults({ env }: RunStepPlan, { buildArgs }: BuildRequest): string[] {
  const names = new Set(env.map((item) => item.slice(0, item.indexOf('='))))
  const proxies = [...buildArgs].filter(
    ([name]) => /^(?:https?|ftp|no|all)_proxy$/i.test(name) && !names.has(name),
  )
  return [
    ...(names.has('PATH') ? [] : [`PATH=${defaultPath}`]),
    ...env,
    ...proxies.map((pair) => pair.join('=')),
  ]
}

function scriptMount(
  script: { name: string; content: string },
  { lease }: PerformScope,
): Parameters<BuildTools['runStep']>[0]['mounts'][number] {
  const folder = join(lease.folder, `script-${scripts++}`)
  mkdirSync(folder)
  writeFileSync(join(folder, script.name), script.content, { mode: 0o755 })
  return {
    kind: 'bind',
    target: scriptFolder,
    from: { kind: 'layers', folders: [folder] },
    readWrite: false,
  }
}

let scripts = 0
