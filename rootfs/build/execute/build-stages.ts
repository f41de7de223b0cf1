import { describeError } from '../../../native/error.ts'
import type { StoredLayer } from '../../store/layer-note.ts'
import { layerFolder } from '../../store/store-folders.ts'
import type { CacheEntry } from '../cache/step-cache.ts'
import type { Origin } from '../graph/resolve-stages.ts'
import type { HistoryEntry } from '../plan/image-document.ts'
import { type PlannedStage, originsOfPlan } from '../plan/planned-step.ts'
import { imageKey } from './load-base.ts'
import { type LookUpScope, type LookedUpStage, type LookedUpStep, isFileStep } from './look-up.ts'
import { isContextUnchanged } from './context-unchanged.ts'
import { performStep } from './perform-step.ts'
import { type PreparedBuild, baseImage } from './prepare-build.ts'
import { contentKeyOf } from './content-key.ts'
import type { StepReporter } from './report-steps.ts'
import type { BuildTools } from './build-request.ts'

/** A stage that is built. */
export interface BuiltStage {
  readonly layers: readonly StoredLayer[]
  /** Of the base and of all steps; `created` is missing where a step changed no file. */
  readonly history: readonly HistoryEntry[]
}

export interface StagesScope extends LookUpScope {
  readonly prepared: PreparedBuild
  readonly stages: ReadonlyMap<number, LookedUpStage>
  readonly tools: BuildTools
  readonly reporter: StepReporter
  /** All steps of the build, by key, for other builds. */
  readonly used: Map<string, CacheEntry>
  /** Ends when one step fails, or the user gives up. */
  readonly abort: AbortController
}

/** Build the target and what it needs, stages side by side. */
export async function buildStages(scope: StagesScope): Promise<BuiltStage> {
  const running = new Map<number, Promise<BuiltStage>>()
  const build = (index: number): Promise<BuiltStage> => {
    const known = running.get(index)
    if (known) return known
    const started = buildStage(index, scope, build)
    running.set(index, started)
    return started
  }
  const { target } = scope.prepared.resolved
  // Those that will be needed begin at once, not when the step comes that needs them.
  const all = stagesToBuild(scope).map((index) =>
    build(index).catch((error: unknown) => {
      scope.abort.abort(error)
      throw error
    }),
  )
  const failed = (await Promise.allSettled(all)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw scope.abort.signal.reason ?? failed.reason
  return build(target)
}

/** Stages whose steps, or whose files, are needed, now that it is known what is cached. */
function stagesToBuild({ prepared, stages }: StagesScope): number[] {
  const found = new Set<number>()
  const visit = (index: number): void => {
    if (found.has(index)) return
    found.add(index)
    const stage = stages.get(index)
    if (!stage) return
    if (stage.plan.base.kind === 'stage') visit(stage.plan.base.index)
    for (const step of stage.steps)
      if (isFileStep(step) && !step.entry)
        for (const origin of originsOfPlan(step.plan))
          if (origin.kind === 'stage') visit(origin.index)
  }
  visit(prepared.resolved.target)
  return [...found].toSorted((left, right) => left - right)
}

async function buildStage(
  index: number,
  scope: StagesScope,
  build: (index: number) => Promise<BuiltStage>,
): Promise<BuiltStage> {
  const stage = scope.stages.get(index)
  if (!stage) throw new TypeError(`stage ${index} was not planned`)
  const base = await baseOf(stage.plan, scope, build)
  scope.reporter.base(stage.plan)
  const layers = [...base.layers]
  const history = [...base.history]
  for (const step of stage.steps) {
    const { createdBy } = isFileStep(step) ? step.plan : step
    const entry = isFileStep(step)
      ? await entryOf(step, { stage, layers, scope, build })
      : undefined
    if (entry && isFileStep(step)) scope.used.set(step.key, entry)
    if (entry?.layer) layers.push(entry.layer)
    history.push({
      ...(entry?.layer ? { created: entry.created } : {}),
      created_by: createdBy,
      comment: 'buildkit.dockerfile.v0',
      ...(entry?.layer ? {} : { empty_layer: true }),
    })
  }
  return { layers, history }
}

async function baseOf(
  plan: PlannedStage,
  { prepared }: StagesScope,
  build: (index: number) => Promise<BuiltStage>,
): Promise<BuiltStage> {
  if (plan.base.kind === 'stage') return build(plan.base.index)
  const { layers, document } = baseImage(plan, prepared.images)
  return { layers, history: document.history }
}

interface EntryScope {
  readonly stage: LookedUpStage
  readonly layers: readonly StoredLayer[]
  readonly scope: StagesScope
  readonly build: (index: number) => Promise<BuiltStage>
}

async function entryOf(step: LookedUpStep, entryScope: EntryScope): Promise<CacheEntry> {
  const { stage, layers, scope, build } = entryScope
  const { cache, lease, reporter } = scope
  const parentChain = layers.at(-1)?.chainId ?? ''
  scope.abort.signal.throwIfAborted()
  const report = reporter.step(stage.plan, step.plan)
  if (step.entry?.parentChain === parentChain && (await isHere(step, entryScope, report.onNote))) {
    report.cached()
    return step.entry
  }
  try {
    const foldersOf = async (origin: Origin): Promise<readonly string[]> => {
      if (origin.kind !== 'stage') return imageFolders(origin, scope)
      return (await build(origin.index)).layers.map(({ chainId }) =>
        layerFolder(lease.folders, chainId),
      )
    }
    const titleOf = (origin: Origin): string => titleOfOrigin(origin, scope)
    const contentKey = await contentKeyOf(step, parentChain, { ...scope, foldersOf, titleOf })
    const known = stage.takesCache ? await knownContent(contentKey, parentChain, scope) : undefined
    if (known) {
      cache.add([step.key], known)
      report.cached()
      return known
    }
    const layer = await performStep(
      step.plan,
      {
        chainIds: layers.map(({ chainId }) => chainId),
        folders: layers.map(({ chainId }) => layerFolder(lease.folders, chainId)),
      },
      { ...scope, foldersOf, titleOf, signal: scope.abort.signal, ...report },
    )
    const entry = { parentChain, layer, created: reporter.now() }
    if (await isContextUnchanged(step, scope.sources)) cache.add([step.key, contentKey], entry)
    else
      report.onNote('files of the context changed meanwhile: the next build does this step again')
    report.done()
    return entry
  } catch (error) {
    report.failed(error)
    throw error
  }
}

/** Whether the layer of an entry is in the store; one of another place is brought. */
async function isHere(
  { key, entry, remote }: LookedUpStep,
  { layers, scope }: EntryScope,
  onNote: (text: string) => void,
): Promise<boolean> {
  if (!remote || !entry) return true
  try {
    const below = layers.map(({ chainId }) => chainId)
    await remote.fetch(scope.lease, entry, below)
    scope.cache.add([key], entry)
    return true
  } catch (error) {
    // It can be built as well.
    onNote(`${remote.name}: ${describeError(error)}`)
    return false
  }
}

/** The same files on the same layers, by whatever way they came. */
async function knownContent(
  key: string,
  parentChain: string,
  { cache, lease }: StagesScope,
): Promise<CacheEntry | undefined> {
  const { isComplete } = await import('../cache/step-cache.ts')
  const entry = cache.find(key, parentChain)
  if (!entry?.layer) return entry
  await lease.hold(entry.layer.digest, entry.layer.chainId)
  return isComplete(lease.store, entry.layer) ? entry : undefined
}

function imageFolders(origin: Origin, { prepared }: StagesScope): readonly string[] {
  if (origin.kind !== 'image') return []
  return prepared.images.get(imageKey(origin.reference, origin.platform))?.layerFolders ?? []
}

function titleOfOrigin(origin: Origin, { stages }: StagesScope): string {
  if (origin.kind === 'image') return `image ${origin.reference}`
  return origin.kind === 'stage' ? `stage ${stages.get(origin.index)?.plan.title ?? ''}` : 'scratch'
}
