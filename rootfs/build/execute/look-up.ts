import type { StoredLayer } from '../../store/layer-note.ts'
import type { Lease } from '../../store/lease.ts'
import type { RemoteCache } from '../cache/remote-cache.ts'
import { type CacheEntry, type StepCache, isComplete } from '../cache/step-cache.ts'
import { type MissReason, explainMiss } from '../key/explain-miss.ts'
import { type BuildSettings, type StepFacts, digestOf, factsOf, keyOf } from '../key/step-facts.ts'
import { formatPlatform } from '../../copy/choose-platform.ts'
import type { ConfigStep, FileStepPlan, PlannedStage } from '../plan/planned-step.ts'
import type { BuildRequest } from './build-request.ts'
import { type InputScope, collectInputs } from './collect-inputs.ts'
import { type PreparedBuild, baseImage } from './prepare-build.ts'

/** A step with its key, and what the cache has of it. */
export interface LookedUpStep {
  readonly plan: FileStepPlan
  readonly facts: StepFacts
  readonly key: string
  /** Where it stands, for the question what was different the last time. */
  readonly place: string
  readonly entry: CacheEntry | undefined
  /** Where the entry comes from, where that is not this store: its layer is not here yet. */
  readonly remote: RemoteCache | undefined
  /** Why there is no entry. */
  readonly reason: MissReason | undefined
}

export interface LookedUpStage {
  readonly plan: PlannedStage
  readonly steps: readonly (ConfigStep | LookedUpStep)[]
  /** Key of its last step that changes files. */
  readonly key: string
  /** Its layers, where everything comes from the cache. */
  readonly layers: readonly StoredLayer[] | undefined
  readonly takesCache: boolean
}

export interface LookUpScope extends Omit<InputScope, 'stageKey' | 'stageTitle'> {
  readonly lease: Lease
  readonly cache: StepCache
  readonly remotes: readonly RemoteCache[]
  readonly request: BuildRequest
}

export function isFileStep(step: ConfigStep | LookedUpStep): step is LookedUpStep {
  return 'plan' in step
}

/**
 * Give every step its key, and find what was built before. Layers that are found stay until the
 * lease ends.
 */
export async function lookUpStages(
  prepared: PreparedBuild,
  scope: LookUpScope,
): Promise<Map<number, LookedUpStage>> {
  const keyed = await keyStages(prepared, scope)
  const gone = new Set<CacheEntry['layer']>()
  for (;;) {
    const found = new Map<number, LookedUpStage>()
    for (const [index, stage] of keyed)
      found.set(index, findEntries(stage, { ...scope, prepared, found, gone }))
    if (await holdAll(scope.lease, [...found.values()], gone)) return found
  }
}

/** @returns whether all layers that were found are there and stay */
async function holdAll(
  lease: Lease,
  stages: readonly LookedUpStage[],
  gone: Set<CacheEntry['layer']>,
): Promise<boolean> {
  const layers = stages.flatMap(({ steps }) =>
    steps.flatMap((step) =>
      isFileStep(step) && !step.remote && step.entry?.layer ? [step.entry.layer] : [],
    ),
  )
  await lease.hold(...layers.flatMap(({ digest, chainId }) => [digest, chainId]))
  const missing = layers.filter((layer) => !isComplete(lease.store, layer))
  for (const layer of missing) gone.add(layer)
  return missing.length === 0
}

type KeyedStep = Omit<LookedUpStep, 'entry' | 'remote' | 'reason'>

interface KeyedStage {
  readonly plan: PlannedStage
  readonly steps: readonly (ConfigStep | KeyedStep)[]
  readonly key: string
}

async function keyStages(
  { stages, images }: PreparedBuild,
  scope: LookUpScope,
): Promise<Map<number, KeyedStage>> {
  const keyed = new Map<number, KeyedStage>()
  const inputs: InputScope = {
    ...scope,
    stageKey: (index) => keyed.get(index)?.key ?? '',
    stageTitle: (index) => keyed.get(index)?.plan.title ?? String(index),
  }
  const { dockerfile, epoch, addHosts } = scope.request
  const settings: BuildSettings = { epoch, addHosts }
  for (const [index, plan] of stages) {
    const base = baseImage(plan, images).layers.at(-1)?.chainId ?? ''
    let key =
      plan.base.kind === 'stage' ? inputs.stageKey(plan.base.index) : digestOf(['base', base])
    const steps: (ConfigStep | KeyedStep)[] = []
    for (const step of plan.steps) {
      if (step.kind === 'config') {
        steps.push(step)
        continue
      }
      const platform = formatPlatform(plan.platform)
      const context = { parent: key, platform, settings, inputs: await collectInputs(step, inputs) }
      const facts = factsOf(step, context)
      key = keyOf(facts)
      const place = digestOf([dockerfile.identity, plan.title, steps.length])
      steps.push({ plan: step, facts, key, place })
    }
    keyed.set(index, { plan, steps, key })
  }
  return keyed
}

interface FindScope extends LookUpScope {
  readonly prepared: PreparedBuild
  readonly found: ReadonlyMap<number, LookedUpStage>
  /** Layers that turned out not to be there. */
  readonly gone: ReadonlySet<CacheEntry['layer']>
}

function findEntries({ plan, steps, key }: KeyedStage, scope: FindScope): LookedUpStage {
  const takesCache = mayUseCache(scope.request, plan)
  let layers = layersBelow(plan, scope)
  const looked = steps.map((step): ConfigStep | LookedUpStep => {
    if ('kind' in step) return step
    const found = layers && takesCache ? findEntry(step, layers, scope) : undefined
    const entry = found?.entry
    const reason = entry ? undefined : reasonOf(step, layers !== undefined, takesCache, scope)
    if (entry && layers) layers = entry.layer ? [...layers, entry.layer] : layers
    else layers = undefined
    return { ...step, entry, remote: found?.remote, reason }
  })
  return { plan, steps: looked, key, layers, takesCache }
}

function layersBelow(plan: PlannedStage, scope: FindScope): readonly StoredLayer[] | undefined {
  if (plan.base.kind === 'stage') return scope.found.get(plan.base.index)?.layers
  return baseImage(plan, scope.prepared.images).layers
}

function findEntry(
  step: KeyedStep,
  below: readonly StoredLayer[],
  { cache, gone, remotes }: FindScope,
): { entry: CacheEntry; remote?: RemoteCache } | undefined {
  const chain = below.at(-1)?.chainId ?? ''
  const entry = cache.find(step.key, chain)
  if (entry && !isGone(entry, gone)) return { entry }
  for (const remote of remotes) {
    const there = remote.find(step.key, chain)
    if (there) return { entry: there, remote }
  }
  return undefined
}

function isGone(entry: CacheEntry, gone: ReadonlySet<CacheEntry['layer']>): boolean {
  return [...gone].some((layer) => layer?.chainId === entry.layer?.chainId)
}

function reasonOf(
  step: KeyedStep,
  isParentHit: boolean,
  takesCache: boolean,
  { cache }: FindScope,
): MissReason {
  if (!takesCache) return { code: 'no-cache', text: 'the cache is not used (--no-cache)' }
  const reason = explainMiss(step.facts, cache.factsAt(step.place))
  const isOwn = reason.code !== 'base' && reason.code !== 'entry-gone' && reason.code !== 'no-entry'
  if (isParentHit || isOwn) return reason
  return { code: 'parent', text: 'a step before it is built anew' }
}

function mayUseCache({ noCache }: BuildRequest, plan: PlannedStage): boolean {
  return typeof noCache === 'boolean' ? !noCache : !noCache.includes(plan.title)
}
