import type { Origin } from '../graph/resolve-stages.ts'
import { digestOf } from '../key/step-facts.ts'
import { patternsOf } from './collect-inputs.ts'
import type { LookedUpStep } from './look-up.ts'
import type { StepSources } from './step-sources.ts'

export interface ContentScope {
  readonly sources: StepSources
  readonly foldersOf: (origin: Origin) => Promise<readonly string[]>
  readonly titleOf: (origin: Origin) => string
}

/**
 * A second key of a step, by what is really there: the layers below, and the files that it takes
 * from other stages. It finds a step whose stages were built anew with the same result.
 */
export async function contentKeyOf(
  { plan, facts }: LookedUpStep,
  parentChain: string,
  scope: ContentScope,
): Promise<string> {
  const { platform, instruction, variables, settings } = facts
  const inputs = facts.inputs.map(({ digest }) => digest)
  const taken: string[] = []
  if (plan.kind === 'copy' && plan.origin && patternsOf(plan).length > 0) {
    const folders = await scope.foldersOf(plan.origin)
    const source = await scope.sources.layers(folders, scope.titleOf(plan.origin))
    const { digest } = await scope.sources.digest(source, { ...plan, patterns: patternsOf(plan) })
    inputs[0] = digest
  }
  if (plan.kind === 'run')
    for (const { origin } of plan.mounts)
      if (origin) taken.push(...(await scope.foldersOf(origin)).map(chainOf))
  return digestOf([
    'content',
    parentChain,
    platform,
    instruction,
    variables,
    settings,
    inputs,
    taken,
  ])
}

/** The folder above "fs" is named after the layers; where the store is must not matter. */
function chainOf(folder: string): string {
  return folder.split('/').at(-2) ?? ''
}
