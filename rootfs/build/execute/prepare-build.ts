import type { Lease } from '../../store/lease.ts'
import { type Dockerfile, parseDockerfile } from '../dockerfile/parse-dockerfile.ts'
import { neededStages } from '../graph/needed-stages.ts'
import { type ResolvedStages, resolveStages } from '../graph/resolve-stages.ts'
import { type LintWarning, lintDockerfile, warning } from '../lint/lint-dockerfile.ts'
import { nearest } from '../dockerfile/nearest.ts'
import { planStage, type StageBase, type UnsetPlace } from '../plan/plan-stage.ts'
import type { Platform } from '../plan/platform.ts'
import { predefinedArgs } from '../plan/variables.ts'
import type { BuildRequest, BuildTools } from './build-request.ts'
import {
  type ImageWish,
  type LoadedImage,
  imageKey,
  loadImageFor,
  scratchImage,
} from './load-base.ts'
import { loadImages, namedImages } from './load-images.ts'
import { type PlannedStage, originsOfPlan } from '../plan/planned-step.ts'

/** A build that is worked out: what each stage does, and the images it stands on. */
export interface PreparedBuild {
  readonly dockerfile: Dockerfile
  readonly resolved: ResolvedStages
  /** Only those that the target needs, by index, earlier ones first. */
  readonly stages: ReadonlyMap<number, PlannedStage>
  readonly images: ReadonlyMap<string, LoadedImage>
}

/** The platform that this program runs on. */
export function hostPlatform(): Platform {
  const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' }
  return { os: 'linux', architecture: names[process.arch] ?? process.arch }
}

/** Read the Dockerfile, find its images, expand everything. @throws {DockerfileError} */
export async function prepareBuild(
  lease: Lease,
  request: BuildRequest,
  tools: BuildTools,
): Promise<PreparedBuild> {
  const { text, name } = request.dockerfile
  const dockerfile = parseDockerfile(text, name)
  const resolved = resolveStages(dockerfile, { ...request, buildPlatform: hostPlatform() })
  const images = new Map<string, LoadedImage>()
  const load = (wish: ImageWish): Promise<LoadedImage> => loadImageFor(lease, wish, request, tools)
  let needed = neededStages(resolved)
  await loadImages(namedImages(resolved, needed), images, load)
  const unset = new Map<string, LintWarning>()
  let stages = planStages(dockerfile, { resolved, needed, images, unset }, request)
  // Triggers of bases may name more: then those are loaded and planned too.
  for (let more = unmet(stages, images); more; more = unmet(stages, images)) {
    needed = neededStages(resolved, [...needed, ...more.stages])
    await loadImages(new Map([...namedImages(resolved, needed), ...more.images]), images, load)
    stages = planStages(dockerfile, { resolved, needed, images, unset }, request)
  }
  noteWarnings(request, dockerfile, unset)
  noteUnusedArgs(request, dockerfile, stages)
  noteFrontend(request, dockerfile)
  return { dockerfile, resolved, stages, images }
}

interface Resolved {
  readonly resolved: ResolvedStages
  readonly needed: readonly number[]
  readonly images: ReadonlyMap<string, LoadedImage>
  /** Variables that nothing has set, by place. */
  readonly unset: Map<string, LintWarning>
}

function planStages(
  dockerfile: Dockerfile,
  { resolved, needed, images, unset }: Resolved,
  { buildArgs, network, allowInsecure }: BuildRequest,
): Map<number, PlannedStage> {
  const { escape } = dockerfile.directives
  const onUnset = (name: string, { source, known }: UnsetPlace): void => {
    const close = nearest(name, known)
    const hint = close === undefined ? 'declare it with ARG or ENV' : `did you mean $${close}?`
    const text = `nothing has set $${name}: ${hint}`
    unset.set(`${source.first} ${name}`, warning('unset-variable', source, text, name))
  }
  const scope = { resolved, escape, buildArgs, network, allowInsecure, onUnset }
  const stages = new Map<number, PlannedStage>()
  for (const index of needed) {
    const stage = resolved.stages[index]
    if (!stage) continue
    const base = baseOf(stage, stages, images)
    stages.set(index, planStage(stage, base, { ...scope, buildPlatform: hostPlatform() }))
  }
  return stages
}

/** What steps take files from and nobody has looked for. */
function unmet(
  stages: ReadonlyMap<number, PlannedStage>,
  images: ReadonlyMap<string, LoadedImage>,
): { readonly stages: number[]; readonly images: [string, ImageWish][] } | undefined {
  const missing = { stages: [] as number[], images: [] as [string, ImageWish][] }
  for (const { steps } of stages.values())
    for (const step of steps)
      for (const origin of originsOfPlan(step)) {
        if (origin.kind === 'stage' && !stages.has(origin.index)) missing.stages.push(origin.index)
        const key = origin.kind === 'image' ? imageKey(origin.reference, origin.platform) : ''
        if (origin.kind === 'image' && !images.has(key))
          missing.images.push([key, { ...origin, source: step.source }])
      }
  return missing.stages.length + missing.images.length === 0 ? undefined : missing
}

function baseOf(
  { base, platform }: ResolvedStages['stages'][number],
  stages: ReadonlyMap<number, PlannedStage>,
  images: ReadonlyMap<string, LoadedImage>,
): StageBase {
  if (base.kind === 'stage') {
    const below = stages.get(base.index)
    if (below) return { config: below.config, author: below.author, name: below.title }
  }
  const image = baseImage({ base, platform }, images)
  return { config: image.document.config, author: image.document.author, name: image.reference }
}

/** The image that a stage begins with, where it begins with none of the Dockerfile's stages. */
export function baseImage(
  { base, platform }: Pick<PlannedStage, 'base' | 'platform'>,
  images: ReadonlyMap<string, LoadedImage>,
): LoadedImage {
  const found = base.kind === 'image' && images.get(imageKey(base.reference, base.platform))
  return found || scratchImage(platform)
}

function noteWarnings(
  { onEvent }: BuildRequest,
  dockerfile: Dockerfile,
  unset: ReadonlyMap<string, LintWarning>,
): void {
  const warnings = [...lintDockerfile(dockerfile), ...unset.values()].toSorted(
    (left, right) => left.place.line - right.place.line,
  )
  for (const { place, text } of warnings) {
    const { line, column } = place
    onEvent({ kind: 'note', text: `${dockerfile.file.name}:${line}:${column}: ${text}` })
  }
}

function noteUnusedArgs(
  { buildArgs, onEvent }: BuildRequest,
  dockerfile: Dockerfile,
  stages: ReadonlyMap<number, PlannedStage>,
): void {
  const declared = new Set([...stages.values()].flatMap((stage) => [...stage.declaredArgs]))
  for (const { args } of dockerfile.globalArgs) for (const { name } of args) declared.add(name)
  const unused = [...buildArgs.keys()].filter(
    (name) => !declared.has(name) && !predefinedArgs.has(name) && name !== 'SOURCE_DATE_EPOCH',
  )
  if (unused.length > 0)
    onEvent({ kind: 'note', text: `build arguments that no ARG declares: ${unused.join(', ')}` })
}

/** Another frontend may mean other instructions; the usual one means ours. */
function noteFrontend({ onEvent }: BuildRequest, { directives }: Dockerfile): void {
  const { syntax } = directives
  if (syntax === undefined || /^(?:docker\.io\/)?docker\/dockerfile(?:[:@].*)?$/.test(syntax))
    return
  onEvent({
    kind: 'note',
    text: `the frontend ${syntax} is not fetched: the file is read as docker's`,
  })
}
