import { isObject, listAt, numberAt, sameJson, valueAt } from '../../api/object.ts'
import type { KubeObject, OwnerReference } from '../../api/object.ts'
import { resolveAmount } from '../objects/amount.ts'
import { controllerOf } from '../objects/ownership.ts'
import { isReady, isTerminating, withCondition } from '../objects/pod-facts.ts'
import { statusWrite } from '../writes/write.ts'
import type { Plan } from '../writes/write.ts'

/** An eviction that was allowed and did not happen within that time is taken back. */
const evictionMs = 120_000

export interface DisruptionView {
  readonly budget: KubeObject
  /** Those that the budget selects. */
  readonly pods: readonly KubeObject[]
  /** What a pod belongs to in the end, like the Deployment of its ReplicaSet, with how many it wants. */
  readonly scaleOf: (
    owner: OwnerReference,
    namespace: string,
  ) => { uid: string; replicas: number } | undefined
  readonly now: Date
}

/** How many pods of a budget may be evicted now. */
export function planDisruption(view: DisruptionView): Plan {
  const { budget, pods, now } = view
  const disrupted = pendingEvictions(view)
  const healthy = pods.filter(
    (pod) => isReady(pod) && !isTerminating(pod) && !disrupted.has(pod.metadata.name ?? ''),
  ).length
  const { expected, desired } = demand(view)
  const allowed = expected > 0 ? Math.max(0, healthy - desired) : 0
  const condition = {
    type: 'DisruptionAllowed',
    status: allowed > 0 ? 'True' : 'False',
    reason: allowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata.generation ?? 0,
  }
  const status = {
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    ...(disrupted.size > 0 ? { disruptedPods: Object.fromEntries(disrupted) } : {}),
    observedGeneration: budget.metadata.generation ?? 0,
    conditions: withCondition(listAt(budget, ['status', 'conditions']), condition, now),
  }
  const waits = [...disrupted.values()].map((time) => Date.parse(time) + evictionMs - now.getTime())
  return {
    writes: sameJson(budget.status ?? {}, status) ? [] : [statusWrite(budget, status)],
    againInMs: waits.length > 0 ? Math.max(1, Math.min(...waits)) : undefined,
  }
}

function pendingEvictions({ budget, pods, now }: DisruptionView): Map<string, string> {
  const noted = valueAt(budget, ['status', 'disruptedPods'])
  const living = new Set(
    pods.filter((pod) => !isTerminating(pod)).map(({ metadata }) => metadata.name),
  )
  return new Map(
    Object.entries(isObject(noted) ? noted : {}).flatMap(([name, time]) =>
      typeof time === 'string' && living.has(name) && Date.parse(time) + evictionMs > now.getTime()
        ? [[name, time] as const]
        : [],
    ),
  )
}

function demand(view: DisruptionView): { expected: number; desired: number } {
  const { budget, pods } = view
  const most = valueAt(budget, ['spec', 'maxUnavailable'])
  const least = valueAt(budget, ['spec', 'minAvailable'])
  if (most === undefined && typeof least === 'number')
    return { expected: pods.length, desired: least }
  const expected = expectedScale(view)
  const desired =
    most === undefined
      ? resolveAmount(least, expected, 'up', 0)
      : expected - resolveAmount(most, expected, 'up', 0)
  return { expected, desired: Math.max(0, desired) }
}

/** How many pods there should be by those who own them; pods of nobody do not count. */
function expectedScale({ pods, scaleOf }: DisruptionView): number {
  const scales = new Map<string, number>()
  for (const pod of pods) {
    const owner = controllerOf(pod)
    const scale = owner && scaleOf(owner, pod.metadata.namespace ?? '')
    if (scale) scales.set(scale.uid, scale.replicas)
  }
  return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0)
}

/** What an object says about how many pods it wants. */
export function replicasOf(object: KubeObject): number {
  return numberAt(object, ['spec', 'replicas']) ?? 1
}
