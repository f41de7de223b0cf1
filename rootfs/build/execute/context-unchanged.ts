import type { FileStepPlan } from '../plan/planned-step.ts'
import { patternsOf } from './collect-inputs.ts'
import type { LookedUpStep } from './look-up.ts'
import type { FileWish, StepSources } from './step-sources.ts'

/**
 * Whether what a step took from the context is still what its key was made of: keys are made before
 * the first step, and a build may take long. A result must not be kept under the key of other files.
 */
export async function isContextUnchanged(
  { plan, facts }: LookedUpStep,
  sources: StepSources,
): Promise<boolean> {
  const known = new Set(facts.inputs.map(({ digest }) => digest))
  try {
    for (const wish of contextWishes(plan)) {
      const { digest } = await sources.digest(await sources.context(plan.source), wish)
      if (!known.has(digest)) return false
    }
    return true
  } catch {
    // What was there then is not there any more.
    return false
  }
}

function contextWishes(plan: FileStepPlan): FileWish[] {
  if (plan.kind === 'workdir') return []
  if (plan.kind === 'copy') {
    const patterns = patternsOf(plan)
    return plan.origin || patterns.length === 0 ? [] : [{ ...plan, patterns }]
  }
  return plan.mounts.flatMap(({ mount, origin }) =>
    origin || mount.type !== 'bind'
      ? []
      : [{ patterns: [mount.source ?? '.'], parents: false, exclude: [] }],
  )
}
