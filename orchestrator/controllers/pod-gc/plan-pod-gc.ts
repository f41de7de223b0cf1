import type { KubeObject } from '../../api/object.ts'
import { disruptionWrites } from '../objects/disruption-target.ts'
import { createdAt, isFinished, isTerminating, nodeOf } from '../objects/pod-facts.ts'
import { taintsOf } from '../node-lifecycle/node-taints.ts'
import type { Write } from '../writes/write.ts'

export interface PodGcView {
  readonly pods: readonly KubeObject[]
  readonly nodes: ReadonlyMap<string, KubeObject>
  /** Whether a node that is not in `nodes` has been away long enough to be taken for gone. */
  readonly isGone: (node: string) => boolean
  /** Finished pods beyond that many go, the oldest first; upstream 12 500. */
  readonly mostFinished: number
  readonly now: Date
}

const outOfService = 'node.kubernetes.io/out-of-service'
const now = { gracePeriodSeconds: 0 }

/** Pods that nobody else will ever remove: there is no agent that could say they ended. */
export function planPodGc(view: PodGcView): Write[] {
  const taken = new Set<KubeObject>()
  const groups: [KubeObject[], (pod: KubeObject) => Write[]][] = [
    [view.pods.filter((pod) => isOrphan(pod, view)), (pod) => removeOrphan(pod, view.now)],
    [view.pods.filter((pod) => isLost(pod, view)), (pod) => removeLost(pod, view.now)],
    [view.pods.filter((pod) => isTerminating(pod) && !nodeOf(pod)), remove],
    [oldFinished(view), remove],
  ]
  return groups.flatMap(([pods, writes]) =>
    pods.flatMap((pod) => {
      if (taken.has(pod)) return []
      taken.add(pod)
      return writes(pod)
    }),
  )
}

function isOrphan(pod: KubeObject, { nodes, isGone }: PodGcView): boolean {
  const node = nodeOf(pod)
  return node !== undefined && !nodes.has(node) && isGone(node)
}

/** Asked to go, on a node that an administrator declared out of service. */
function isLost(pod: KubeObject, { nodes }: PodGcView): boolean {
  const node = nodes.get(nodeOf(pod) ?? '')
  return (
    isTerminating(pod) &&
    node !== undefined &&
    taintsOf(node).some(({ key }) => key === outOfService)
  )
}

function oldFinished({ pods, mostFinished }: PodGcView): KubeObject[] {
  const finished = pods.filter((pod) => isFinished(pod) && !isTerminating(pod))
  const excess = finished.length - mostFinished
  if (mostFinished <= 0 || excess <= 0) return []
  return finished.toSorted((a, b) => createdAt(a) - createdAt(b)).slice(0, excess)
}

function removeOrphan(pod: KubeObject, time: Date): Write[] {
  const why = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }
  return [...disruptionWrites(pod, why, time, true), ...remove(pod)]
}

function removeLost(pod: KubeObject, time: Date): Write[] {
  const message = 'PodGC: node is out-of-service'
  const why = { reason: 'DeletionByPodGC', message }
  return [...disruptionWrites(pod, why, time, true), ...remove(pod)]
}

function remove(object: KubeObject): Write[] {
  return [{ verb: 'delete', object, options: now }]
}
