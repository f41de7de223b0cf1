import { listAt, numberAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { withCondition } from '../objects/pod-facts.ts'
import { askMetrics } from './read-metrics.ts'
import { limitScale, readBehavior, stabilize } from './scale-limits.ts'
import type { Limited, Recommendation, ScaleEvent } from './scale-limits.ts'

// What one look at an autoscaler comes to. Pure: what was decided before is handed in.

export interface AutoscalerMemory {
  recommendations: Recommendation[]
  events: ScaleEvent[]
}

export interface AutoscalerView {
  readonly autoscaler: KubeObject
  readonly currentReplicas: number
  readonly pods: readonly KubeObject[]
  readonly metrics: readonly KubeObject[] | string
  readonly memory: AutoscalerMemory
  readonly now: Date
}

export interface AutoscalerPlan {
  readonly desired: number
  /** Why the target is to change; absent: it is not. */
  readonly rescale?: string
  readonly problem?: { readonly reason: string; readonly message: string }
  readonly currentMetrics: readonly JsonObject[]
  readonly conditions: readonly JsonObject[]
}

type ConditionText = readonly [
  type: string,
  status: 'True' | 'False',
  reason: string,
  message: string,
]

const limitTexts: Readonly<Record<Limited['reason'], string>> = {
  ScaleUpLimit: 'the desired replica count is increasing faster than the maximum scale rate',
  TooManyReplicas: 'the desired replica count is more than the maximum replica count',
  ScaleDownLimit: 'the desired replica count is decreasing faster than the maximum scale rate',
  TooFewReplicas: 'the desired replica count is less than the minimum replica count',
  DesiredWithinRange: 'the desired count is within the acceptable range',
}

const scaleKnown: ConditionText = [
  'AbleToScale',
  'True',
  'SucceededGetScale',
  "the HPA controller was able to get the target's current scale",
]

export function planAutoscaler(view: AutoscalerView): AutoscalerPlan {
  const { autoscaler, currentReplicas: current } = view
  const least = numberAt(autoscaler, ['spec', 'minReplicas']) ?? 1
  const most = numberAt(autoscaler, ['spec', 'maxReplicas']) ?? least
  const simple = (desired: number, rescale: string) => ({
    desired,
    rescale,
    currentMetrics: [],
    conditions: conditionsOf(view, [scaleKnown]),
  })
  if (current === 0 && least !== 0) {
    const why = 'scaling is disabled since the replica count of the target is zero'
    const off: ConditionText = ['ScalingActive', 'False', 'ScalingDisabled', why]
    return { desired: 0, currentMetrics: [], conditions: conditionsOf(view, [scaleKnown, off]) }
  }
  if (current > most) return simple(most, 'Current number of replicas above Spec.MaxReplicas')
  if (current < least) return simple(least, 'Current number of replicas below Spec.MinReplicas')
  return planByMetrics(view, least, most)
}

function planByMetrics(view: AutoscalerView, least: number, most: number): AutoscalerPlan {
  const { autoscaler, currentReplicas: current, pods, metrics, memory } = view
  const now = view.now.getTime()
  const { spec } = autoscaler
  const answer = askMetrics({ spec, pods, metrics, currentReplicas: current, now })
  const { replicas: wished, problem, current: currentMetrics } = answer
  if (wished === undefined) {
    const message = `the HPA was unable to compute the replica count: ${problem?.message ?? ''}`
    const reason = problem?.reason ?? 'InvalidMetricSourceType'
    const texts: ConditionText[] = [scaleKnown, ['ScalingActive', 'False', reason, message]]
    return {
      desired: current,
      ...(problem ? { problem } : {}),
      currentMetrics,
      conditions: conditionsOf(view, texts),
    }
  }
  const behavior = readBehavior(spec)
  if (memory.recommendations.length === 0)
    memory.recommendations.push({ replicas: current, at: now })
  const stable = stabilize(behavior, current, wished, memory.recommendations, now)
  remember(memory, wished, now, behavior)
  const limited = limitScale(stable, { behavior, current, least, most, events: memory.events, now })
  const found = `the HPA was able to successfully calculate a replica count from ${answer.name}`
  const isLimited = limited.reason !== 'DesiredWithinRange'
  const conditions = conditionsOf(view, [
    stableText(current, wished, stable),
    ['ScalingActive', 'True', 'ValidMetricFound', found],
    ['ScalingLimited', isLimited ? 'True' : 'False', limited.reason, limitTexts[limited.reason]],
  ])
  const desired = limited.replicas
  const rescale =
    desired > current
      ? { rescale: `${answer.name} above target` }
      : desired < current
        ? { rescale: 'All metrics below target' }
        : {}
  return { desired, ...rescale, ...(problem ? { problem } : {}), currentMetrics, conditions }
}

function stableText(current: number, wished: number, stable: number): ConditionText {
  if (stable === wished)
    return ['AbleToScale', 'True', 'ReadyForNewScale', 'recommended size matches current size']
  const text = (above: string, extreme: string) =>
    `recent recommendations were ${above} than current one, applying the ${extreme} recent recommendation`
  return wished >= current
    ? ['AbleToScale', 'True', 'ScaleUpStabilized', text('lower', 'lowest')]
    : ['AbleToScale', 'True', 'ScaleDownStabilized', text('higher', 'highest')]
}

/** What is older than every window is forgotten. */
function remember(
  memory: AutoscalerMemory,
  replicas: number,
  at: number,
  { up, down }: ReturnType<typeof readBehavior>,
): void {
  const window = Math.max(up.stabilizationSeconds, down.stabilizationSeconds) * 1000
  const periods = [...up.policies, ...down.policies].map(({ periodSeconds }) => periodSeconds)
  const period = Math.max(...periods) * 1000
  memory.recommendations = memory.recommendations.filter((one) => one.at > at - window)
  memory.recommendations.push({ replicas, at })
  memory.events = memory.events.filter((one) => one.at > at - period)
}

export function conditionsOf(
  { autoscaler, now }: Pick<AutoscalerView, 'autoscaler' | 'now'>,
  texts: readonly ConditionText[],
): JsonObject[] {
  return texts.reduce(
    (conditions, [type, status, reason, message]) =>
      withCondition(conditions, { type, status, reason, message }, now),
    listAt(autoscaler, ['status', 'conditions']),
  )
}
