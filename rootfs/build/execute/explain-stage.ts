import type { Origin } from '../graph/resolve-stages.ts'
import { type ConfigStep, originsOfPlan } from '../plan/planned-step.ts'
import type { ExplainedStage, ExplainedStep } from './build-request.ts'
import { type LookedUpStage, type LookedUpStep, isFileStep } from './look-up.ts'

/** A stage for people: what it needs, and each step with its key, hit or miss, and why. */
export function explainStage(
  { plan, steps }: LookedUpStage,
  stages: ReadonlyMap<number, LookedUpStage>,
): ExplainedStage {
  const nameOf = (origin: Origin): string => {
    if (origin.kind === 'stage') return `stage ${stages.get(origin.index)?.plan.title ?? ''}`
    return origin.kind === 'image' ? `image ${origin.reference}` : 'scratch'
  }
  const uses = new Set(
    steps
      .filter(isFileStep)
      .flatMap((step) => originsOfPlan(step.plan))
      .map(nameOf),
  )
  return {
    stage: plan.title,
    base: nameOf(plan.base),
    uses: [...uses],
    steps: steps.map(explainStep),
  }
}

function explainStep(step: ConfigStep | LookedUpStep): ExplainedStep {
  const { source } = isFileStep(step) ? step.plan : step
  const row = { instruction: source.text, line: source.first }
  if (!isFileStep(step)) return { ...row, state: 'configuration' }
  const { key, entry, reason } = step
  return entry ? { ...row, key, state: 'hit' } : { ...row, key, state: 'miss', reason }
}
