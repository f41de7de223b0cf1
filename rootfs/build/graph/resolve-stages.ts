import { complain } from '../dockerfile/dockerfile-error.ts'
import type { FlagText } from '../dockerfile/instruction.ts'
import { nearest } from '../dockerfile/nearest.ts'
import type {
  Dockerfile,
  DockerfileStage,
  StageInstruction,
} from '../dockerfile/parse-dockerfile.ts'
import { parseMount } from '../dockerfile/parse-mount.ts'
import type { InstructionSource } from '../dockerfile/source.ts'
import { type Platform, parsePlatform, platformVariables } from '../plan/platform.ts'
import { type LookUp, evaluateArg, expanderOf } from '../plan/variables.ts'

/** Where files or a base come from. */
export type Origin =
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'image'; readonly reference: string; readonly platform: Platform }
  | { readonly kind: 'scratch' }

export interface ResolvedStage {
  readonly stage: DockerfileStage
  /** Name, or "stage-N". */
  readonly title: string
  readonly platform: Platform
  readonly base: Origin
}

export interface ResolvedStages {
  readonly stages: readonly ResolvedStage[]
  /** Index of the stage that becomes the image. */
  readonly target: number
  /** ARG before the first FROM, and the variables of platforms. */
  readonly outer: LookUp
}

export interface StageWishes {
  readonly buildArgs: ReadonlyMap<string, string>
  readonly target?: string | undefined
  readonly platform: Platform
  readonly buildPlatform: Platform
}

/**
 * Give every stage its base, and find the target.
 *
 * @throws {DockerfileError} for a base that is no reference after expansion, or an unknown target
 */
export function resolveStages(dockerfile: Dockerfile, wishes: StageWishes): ResolvedStages {
  const outer = globalVariables(dockerfile, wishes)
  const stages: ResolvedStage[] = []
  for (const stage of dockerfile.stages)
    stages.push(resolveStage(dockerfile, stage, { earlier: stages, outer, wishes }))
  return { stages, target: findTarget(dockerfile, stages, wishes.target), outer }
}

function globalVariables(dockerfile: Dockerfile, wishes: StageWishes): LookUp {
  const platform = platformVariables(wishes.platform, wishes.buildPlatform)
  const values = new Map<string, string | undefined>()
  const lookUp: LookUp = (name) => values.get(name) ?? platform.get(name)
  for (const instruction of dockerfile.globalArgs) {
    const expander = expanderOf(instruction.source, dockerfile.directives.escape, lookUp)
    const scope = { given: wishes.buildArgs, outer: lookUp }
    for (const { name, value } of evaluateArg(instruction, expander, scope)) values.set(name, value)
  }
  return lookUp
}

function resolveStage(
  dockerfile: Dockerfile,
  stage: DockerfileStage,
  scope: { earlier: readonly ResolvedStage[]; outer: LookUp; wishes: StageWishes },
): ResolvedStage {
  const { from } = stage
  const expander = expanderOf(from.source, dockerfile.directives.escape, scope.outer)
  const image = expander.word(from.image)
  const wish = from.platform === undefined ? '' : expander.word(from.platform)
  if (image === '')
    throw complain(from.source, {
      offset: from.source.text.indexOf(from.image),
      length: from.image.length,
      problem: `"${from.image}" is empty after its variables were expanded`,
      expected: 'an ARG with a default before the first FROM',
    })
  const platform = wish === '' ? scope.wishes.platform : platformOf(from.source, wish)
  const title = from.name ?? `stage-${stage.index}`
  const known = findStage(scope.earlier, image)
  if (known)
    return {
      stage,
      title,
      platform: known.platform,
      base: { kind: 'stage', index: known.stage.index },
    }
  const base: Origin =
    image === 'scratch' ? { kind: 'scratch' } : { kind: 'image', reference: image, platform }
  return { stage, title, platform, base }
}

function platformOf(source: InstructionSource, text: string): Platform {
  try {
    return parsePlatform(text)
  } catch (cause) {
    throw complain(source, {
      offset: source.text.indexOf('--platform'),
      length: '--platform='.length + text.length,
      problem: `"${text}" is no platform`,
      expected: 'linux/amd64, linux/arm64 or another linux/…',
      cause,
    })
  }
}

/** The last stage of this name: a name may be used again. */
function findStage(stages: readonly ResolvedStage[], name: string): ResolvedStage | undefined {
  const lower = name.toLowerCase()
  return stages.findLast(({ stage }) => stage.from.name === lower)
}

function findTarget(
  dockerfile: Dockerfile,
  stages: readonly ResolvedStage[],
  wish: string | undefined,
): number {
  if (wish === undefined || wish === '') return stages.length - 1
  const found = findStage(stages, wish)
  if (found) return found.stage.index
  if (/^[0-9]+$/.test(wish) && Number(wish) < stages.length) return Number(wish)
  const names = stages.flatMap(({ stage }) => stage.from.name ?? [])
  const close = nearest(wish, names)
  const last = dockerfile.stages.at(-1)
  if (!last) throw new TypeError('a Dockerfile has a stage')
  throw complain(last.from.source, {
    code: 'NOT_FOUND',
    problem: `there is no stage "${wish}" to build`,
    expected: names.length === 0 ? 'FROM … AS NAME' : `one of ${names.join(', ')}`,
    hint: close && `Did you mean --target ${close}?`,
  })
}

/**
 * What the "from" of COPY or of a mount names: an earlier stage by name or number, else an image.
 *
 * @param self index of the stage that asks
 * @throws {DockerfileError} for a stage that comes later, or a number that is none
 */
export function resolveFrom(
  stages: readonly ResolvedStage[],
  self: number,
  { source, from }: { source: InstructionSource; from: FlagText },
): Origin {
  const name = from.value
  const mark = { offset: from.offset, length: from.length }
  if (name.includes('$'))
    throw complain(source, {
      ...mark,
      problem: 'variables are not expanded in "from"',
      expected: 'the name of a stage',
      hint: 'Use "FROM $IMAGE AS name" for it, and that name here',
    })
  const earlier = findStage(stages.slice(0, self), name)
  if (earlier) return { kind: 'stage', index: earlier.stage.index }
  if (/^[0-9]+$/.test(name)) return numberedStage(source, mark, Number(name), self)
  const later = findStage(stages.slice(self), name)
  if (later)
    throw complain(source, {
      ...mark,
      problem: `stage "${name}" ${later.stage.index === self ? 'cannot take files from itself' : `comes later, in line ${later.stage.from.source.first}`}`,
      expected: 'a stage above this one',
    })
  if (name === 'scratch')
    throw complain(source, {
      ...mark,
      problem: 'scratch has no files',
      expected: 'a stage or an image',
    })
  const platform = stages[self]?.platform ?? { os: 'linux', architecture: '' }
  return { kind: 'image', reference: name, platform }
}

function numberedStage(
  source: InstructionSource,
  mark: { offset: number; length: number },
  index: number,
  self: number,
): Origin {
  if (index < self) return { kind: 'stage', index }
  throw complain(source, {
    ...mark,
    problem: `stage ${index} is not above this one`,
    expected: self === 0 ? 'the name of an image' : `a number below ${self}`,
  })
}

/** The "from" of an instruction, each with its place. */
export function fromsOf(instruction: StageInstruction): FlagText[] {
  if (instruction.kind === 'copy') return instruction.from ? [instruction.from] : []
  if (instruction.kind !== 'run') return []
  return instruction.mounts.flatMap((mount) => {
    const { from } = parseMount(instruction.source, mount)
    return from === undefined ? [] : [{ ...mount, value: from }]
  })
}
