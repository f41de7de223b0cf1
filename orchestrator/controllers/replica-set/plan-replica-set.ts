import { numberAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { availableAt, isTerminating } from '../objects/pod-facts.ts'
import { podFromTemplate } from '../objects/pod-from-template.ts'
import { createPod, deletePod } from '../writes/pod-writes.ts'
import type { Plan, Write } from '../writes/write.ts'
import { planReplicaSetStatus } from './replica-set-status.ts'
import { orderVictims } from './victim-order.ts'

export interface ReplicaSetView {
  readonly set: KubeObject
  /** Those that the set owns and that run or will run. */
  readonly pods: readonly KubeObject[]
  /** All pods of the owner of the set, whatever set they are of. */
  readonly related: readonly KubeObject[]
  readonly now: Date
}

/** No more writes than that at once; the rest comes with the next plan. */
const burst = 500

/** As many pods as are wanted, made from the template of the set. */
export function planReplicaSet(view: ReplicaSetView): Plan {
  const { set, pods, now } = view
  const changes = isTerminating(set) ? [] : planPods(view)
  return {
    writes: [...changes, ...planReplicaSetStatus(set, pods, now)],
    againInMs: nextAvailability(set, pods, now),
    onFailure: (error) => {
      const reason = changes[0]?.verb === 'delete' ? 'FailedDelete' : 'FailedCreate'
      if (changes.length === 0) return []
      return planReplicaSetStatus(set, pods, now, { reason, message: error.message })
    },
  }
}

function planPods({ set, pods, related, now }: ReplicaSetView): Write[] {
  const wanted = numberAt(set, ['spec', 'replicas']) ?? 1
  const missing = wanted - pods.length
  if (missing >= 0) {
    const pod = podFromTemplate(set, valueAt(set, ['spec', 'template']))
    return Array.from({ length: Math.min(missing, burst) }, () => createPod(set, pod))
  }
  return orderVictims(pods, related, now)
    .slice(0, Math.min(-missing, burst))
    .map((pod) => deletePod(set, pod))
}

/** When the next pod will have been ready for long enough. */
function nextAvailability(
  set: KubeObject,
  pods: readonly KubeObject[],
  now: Date,
): number | undefined {
  const minReady = numberAt(set, ['spec', 'minReadySeconds']) ?? 0
  if (minReady === 0) return undefined
  const waits = pods
    .map((pod) => (availableAt(pod, minReady) ?? 0) - now.getTime())
    .filter((wait) => wait > 0)
  return waits.length > 0 ? Math.min(...waits) : undefined
}
