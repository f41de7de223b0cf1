import { numberAt, sameJson } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { statusWrite } from '../writes/write.ts'
import type { Plan, Remark, Write } from '../writes/write.ts'
import type { Conditions } from './deployment-conditions.ts'
import { historyLimit, wantedReplicas } from './deployment-facts.ts'
import { revisionOf, withSizes } from './rollout-annotations.ts'
import { sizeIn } from './set-sizes.ts'
import type { SetSizes } from './set-sizes.ts'

/** What one look at a Deployment has come to so far. */
export interface Draft {
  /** As it was when it was looked at. */
  readonly original: KubeObject
  /** As it is to be; its status is decided last. */
  readonly deployment: KubeObject
  readonly newSet: KubeObject | undefined
  readonly oldSets: readonly KubeObject[]
  readonly conditions: Conditions
  readonly writes: readonly Write[]
  readonly onFailure?: NonNullable<Plan['onFailure']>
}

/** Give sets their sizes, and write down what for. */
export function resize(draft: Draft, sizes: SetSizes): Draft {
  const { deployment } = draft
  const writes: Write[] = []
  const sized = (set: KubeObject): KubeObject => {
    const before = wantedReplicas(set)
    const replicas = sizeIn(sizes, set)
    const changed = withSizes(set, deployment)
    if (replicas === before && (changed === set || (before === 0 && set !== draft.newSet)))
      return set
    const object = { ...changed, spec: { ...changed.spec, replicas } }
    const remark = scaleRemark(deployment, set, before, replicas)
    writes.push(replicas === before ? update(object) : { ...update(object), done: remark })
    return object
  }
  const oldSets = draft.oldSets.map(sized)
  const newSet = draft.newSet && sized(draft.newSet)
  return { ...draft, oldSets, newSet, writes: [...draft.writes, ...writes] }
}

export function update(object: KubeObject): Write & { verb: 'update' } {
  return { verb: 'update', object }
}

export function scaleRemark(about: KubeObject, set: KubeObject, from: number, to: number): Remark {
  const message = `Scaled ${from < to ? 'up' : 'down'} replica set ${set.metadata.name} from ${from} to ${to}`
  return { about, type: 'Normal', reason: 'ScalingReplicaSet', message }
}

/** Remove the oldest sets that have no pods any more, beyond what is kept. */
export function forgetHistory(draft: Draft): Draft {
  const limit = historyLimit(draft.deployment)
  if (limit === undefined) return draft
  const past = draft.oldSets
    .filter((set) => !isTerminating(set))
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
  const isEmpty = (set: KubeObject): boolean =>
    wantedReplicas(set) === 0 &&
    (numberAt(set, ['status', 'replicas']) ?? 0) === 0 &&
    (set.metadata.generation ?? 0) <= (numberAt(set, ['status', 'observedGeneration']) ?? 0)
  const writes = past
    .slice(0, Math.max(0, past.length - limit))
    .filter(isEmpty)
    .map((object): Write => ({ verb: 'delete', object }))
  return { ...draft, writes: [...draft.writes, ...writes] }
}

/** All that was decided, and the Deployment itself where that changes it. */
export function finish(draft: Draft, status: JsonObject): Plan {
  const { original, deployment, onFailure } = draft
  const writes = [...draft.writes]
  if (!sameJson(original.metadata, deployment.metadata)) writes.push(update(deployment))
  if (!sameJson(original.status ?? {}, status)) writes.push(statusWrite(deployment, status))
  return { writes, ...(onFailure ? { onFailure } : {}) }
}
