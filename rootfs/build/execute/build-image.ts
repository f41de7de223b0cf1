import type { Image } from '../../store/image.ts'
import type { ImageStore } from '../../store/image-store.ts'
import { type Lease, withLease } from '../../store/lease.ts'
import type { RemoteCache } from '../cache/remote-cache.ts'
import { type CacheEntry, type StepCache, openStepCache } from '../cache/step-cache.ts'
import type { BuildRequest, BuildTools, ExplainedStage } from './build-request.ts'
import { buildStages } from './build-stages.ts'
import { openDownloads } from './downloads.ts'
import { finishImage } from './finish-image.ts'
import { type LookUpScope, type LookedUpStage, isFileStep, lookUpStages } from './look-up.ts'
import { type PreparedBuild, prepareBuild } from './prepare-build.ts'
import { createReporter } from './report-steps.ts'
import { type StepSources, openStepSources } from './step-sources.ts'

/**
 * Build an image: read the Dockerfile, work out what every step would make, take from the cache what
 * was made before, and make the rest.
 *
 * @throws {DockerfileError} pointing at the instruction that is wrong, or that failed
 * @throws {OperationError} `SYSCALL_FAILED` (no space, no right), `LOCKED`
 */
export async function buildImage(
  store: ImageStore,
  request: BuildRequest,
  tools: BuildTools,
): Promise<Image> {
  return withPreparedBuild(store, request, tools, async (build) => {
    const { prepared, stages, scope, cache } = build
    const { epoch, onEvent } = request
    if (request.onExplain) await request.onExplain(await explainStages(stages))
    const isSingleStage = prepared.dockerfile.stages.length === 1
    const reporter = createReporter(onEvent, { isSingleStage, epoch })
    const abort = new AbortController()
    const stop = (): void => abort.abort(request.signal?.reason)
    request.signal?.addEventListener('abort', stop)
    try {
      const used = entriesHere(stages)
      const built = await settled(scope.lease, () =>
        buildStages({ ...scope, prepared, stages, tools, reporter, abort, used }),
      )
      const target = prepared.stages.get(prepared.resolved.target)
      if (!target) throw new TypeError('the target was not planned')
      rememberFacts(cache, stages)
      const image = await reporter.other('exporting to image', () =>
        finishImage(target, built, build),
      )
      for (const name of request.cacheTo)
        await reporter.other(`exporting cache to ${name}`, () => sendCache(name, used, build))
      return image
    } finally {
      request.signal?.removeEventListener('abort', stop)
    }
  })
}

/** The layers of what was built are in the store afterwards, also where a later step failed. */
async function settled<Result>(lease: Lease, build: () => Promise<Result>): Promise<Result> {
  const { settleCommits } = await import('../../build-steps/commit-step.ts')
  try {
    return await build()
  } finally {
    await settleCommits(lease)
  }
}

/** What `buildImage` would do, and why: every step with its key, and whether the cache has it. */
export async function explainBuild(
  store: ImageStore,
  request: BuildRequest,
  tools: BuildTools,
): Promise<ExplainedStage[]> {
  return withPreparedBuild(store, request, tools, ({ stages }) => explainStages(stages))
}

async function explainStages(
  stages: ReadonlyMap<number, LookedUpStage>,
): Promise<ExplainedStage[]> {
  const { explainStage } = await import('./explain-stage.ts')
  return [...stages.values()].map((stage) => explainStage(stage, stages))
}

interface RunningBuild {
  readonly lease: Lease
  readonly request: BuildRequest
  readonly tools: BuildTools
  readonly prepared: PreparedBuild
  readonly stages: ReadonlyMap<number, LookedUpStage>
  readonly cache: StepCache
  readonly scope: LookUpScope
}

async function withPreparedBuild<Result>(
  store: ImageStore,
  request: BuildRequest,
  tools: BuildTools,
  work: (build: RunningBuild) => Promise<Result>,
): Promise<Result> {
  return withLease(store, async (lease) => {
    const prepared = await prepareBuild(lease, request, tools)
    const cache = openStepCache(store)
    const sources: StepSources = openStepSources(lease, request)
    try {
      const downloads = openDownloads(lease, request.signal)
      const { images } = prepared
      const remotes = await openRemotes(request, tools)
      const scope: LookUpScope = { lease, cache, remotes, request, sources, downloads, images }
      const stages = await lookUpStages(prepared, scope)
      sources.digests?.save()
      return await work({ lease, request, tools, prepared, stages, cache, scope })
    } finally {
      sources.close()
    }
  })
}

/** Steps by key whose layers are in the store, also of stages that nobody will look into. */
function entriesHere(stages: ReadonlyMap<number, LookedUpStage>): Map<string, CacheEntry> {
  const steps = [...stages.values()].flatMap((stage) => stage.steps.filter(isFileStep))
  return new Map(
    steps.flatMap(({ key, entry, remote }): [string, CacheEntry][] =>
      entry && !remote ? [[key, entry]] : [],
    ),
  )
}

async function openRemotes(
  { cacheFrom, onEvent }: BuildRequest,
  { openRegistries }: BuildTools,
): Promise<RemoteCache[]> {
  if (cacheFrom.length === 0 || !openRegistries) return []
  const { openRemoteCache } = await import('../cache/remote-cache.ts')
  const access = await openRegistries()
  const onNote = (text: string): void => onEvent({ kind: 'note', text })
  const remotes = await Promise.all(cacheFrom.map((name) => openRemoteCache(access, name, onNote)))
  for (const [at, remote] of remotes.entries())
    if (!remote) onNote(`${cacheFrom[at]}: there is no build cache yet`)
  return remotes.filter((remote) => remote !== undefined)
}

async function sendCache(
  name: string,
  used: ReadonlyMap<string, CacheEntry>,
  { lease, request, tools }: RunningBuild,
): Promise<void> {
  if (!tools.openRegistries) return
  const { exportCache } = await import('../cache/export-cache.ts')
  const onNote = (text: string): void => request.onEvent({ kind: 'note', text })
  await exportCache(lease, await tools.openRegistries(), { name, entries: used, onNote })
}

function rememberFacts(cache: StepCache, stages: ReadonlyMap<number, LookedUpStage>): void {
  const steps = [...stages.values()].flatMap((stage) => stage.steps.filter(isFileStep))
  cache.remember(steps)
}
