import { isObject, listAt, numberAt, sameJson, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { conditionOf, isAvailable, isReady, withCondition } from '../objects/pod-facts.ts'
import { statusWrite } from '../writes/write.ts'
import type { Write } from '../writes/write.ts'

/** Why there are not as many pods as wanted. */
export interface ReplicaFailure {
  readonly reason: 'FailedCreate' | 'FailedDelete'
  readonly message: string
}

/**
 * What is to be said of a set, if it is not said already.
 * @param pods those that are its own, and run or will
 */
export function planReplicaSetStatus(
  set: KubeObject,
  pods: readonly KubeObject[],
  now: Date,
  failure?: ReplicaFailure,
): Write[] {
  const minReady = numberAt(set, ['spec', 'minReadySeconds']) ?? 0
  const labels = valueAt(set, ['spec', 'template', 'metadata', 'labels'])
  const wanted = Object.entries(isObject(labels) ? labels : {})
  const isFullyLabeled = ({ metadata }: KubeObject): boolean =>
    wanted.every(([name, value]) => metadata.labels?.[name] === value)
  const status: JsonObject = {
    replicas: pods.length,
    ...counted('fullyLabeledReplicas', pods.filter(isFullyLabeled).length),
    ...counted('readyReplicas', pods.filter(isReady).length),
    ...counted('availableReplicas', pods.filter((pod) => isAvailable(pod, minReady, now)).length),
    observedGeneration: set.metadata.generation ?? 0,
    ...conditionsOf(set, now, failure),
  }
  return sameJson(set.status ?? {}, status) ? [] : [statusWrite(set, status)]
}

/** Counts of nothing are not written. */
function counted(name: string, count: number): JsonObject {
  return count === 0 ? {} : { [name]: count }
}

function conditionsOf(set: KubeObject, now: Date, failure: ReplicaFailure | undefined): JsonObject {
  const current = listAt(set, ['status', 'conditions'])
  const known = conditionOf(set, 'ReplicaFailure')
  // Other words for the same trouble are no news; writing them would only have it tried again at once.
  const isNews = failure && (known?.status !== 'True' || known.reason !== failure.reason)
  const told = isNews
    ? withCondition(current, { type: 'ReplicaFailure', status: 'True', ...failure }, now)
    : current
  const conditions = failure ? told : current.filter(({ type }) => type !== 'ReplicaFailure')
  return conditions.length === 0 ? {} : { conditions }
}
