import type { MountSource } from '../../build-steps/run-request.ts'
import type { Origin } from '../graph/resolve-stages.ts'
import type { StepInput } from '../key/step-facts.ts'
import { digestOf } from '../key/step-facts.ts'
import type { CopyStepPlan, FileStepPlan, PlannedMount, RunStepPlan } from '../plan/planned-step.ts'
import type { Downloads } from './downloads.ts'
import { type LoadedImage, atInstruction, imageKey } from './load-base.ts'
import type { StepSources } from './step-sources.ts'

export interface InputScope {
  readonly sources: StepSources
  readonly images: ReadonlyMap<string, LoadedImage>
  readonly downloads: Downloads
  /** What a stage is known by before it is built. */
  readonly stageKey: (index: number) => string
  readonly stageTitle: (index: number) => string
}

/** All that a step reads besides what is below it, each as a digest. @throws {DockerfileError} */
export async function collectInputs(step: FileStepPlan, scope: InputScope): Promise<StepInput[]> {
  if (step.kind === 'workdir') return []
  return step.kind === 'run' ? runInputs(step, scope) : copyInputs(step, scope)
}

async function copyInputs(step: CopyStepPlan, scope: InputScope): Promise<StepInput[]> {
  const inputs: StepInput[] = []
  const patterns = patternsOf(step)
  if (patterns.length > 0 && step.origin) inputs.push(originInput(step.origin, scope))
  else if (patterns.length > 0)
    inputs.push(
      await atInstruction(step.source, patterns[0] ?? '', async () =>
        scope.sources.digest(await scope.sources.context(step.source), { ...step, patterns }),
      ),
    )
  for (const operand of step.operands)
    if (operand.kind === 'url') inputs.push(await urlInput(step, operand.url, scope))
  return inputs
}

export function patternsOf(step: CopyStepPlan): string[] {
  return step.operands.flatMap((operand) => (operand.kind === 'pattern' ? operand.pattern : []))
}

async function urlInput(step: CopyStepPlan, url: string, scope: InputScope): Promise<StepInput> {
  // With a checksum what it will be is known without having it.
  if (step.checksum !== undefined) return { name: url, digest: step.checksum }
  const { digest, name, mtime } = await atInstruction(step.source, url, () =>
    scope.downloads.get(url, undefined),
  )
  return { name: url, digest: digestOf([digest, name, mtime]) }
}

function originInput(origin: Origin, scope: InputScope): StepInput {
  if (origin.kind === 'stage')
    return { name: `stage ${scope.stageTitle(origin.index)}`, digest: scope.stageKey(origin.index) }
  if (origin.kind === 'scratch') return { name: 'scratch', digest: '' }
  const image = scope.images.get(imageKey(origin.reference, origin.platform))
  return { name: `image ${origin.reference}`, digest: image?.layers.at(-1)?.chainId ?? '' }
}

async function runInputs(step: RunStepPlan, scope: InputScope): Promise<StepInput[]> {
  const inputs: StepInput[] = []
  for (const planned of step.mounts) {
    const { mount, origin } = planned
    if (origin) inputs.push(originInput(origin, scope))
    else if (mount.type === 'bind') inputs.push(await contextInput(step, planned, scope))
  }
  return inputs
}

function contextInput(
  step: RunStepPlan,
  { mount }: PlannedMount,
  scope: InputScope,
): Promise<StepInput> {
  const wish = { patterns: [mount.source ?? '.'], parents: false, exclude: [] }
  return atInstruction(step.source, mount.source ?? '', async () =>
    scope.sources.digest(await scope.sources.context(step.source), wish),
  )
}

/** Where the files of an origin are, for a mount. */
export function layersOf(folders: readonly string[]): MountSource {
  return { kind: 'layers', folders }
}
