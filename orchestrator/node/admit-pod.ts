import type { JsonObject, KubeObject } from '../api/object.ts'
import { textAt } from '../api/object.ts'
import { parseQuantity } from '../api/quantity.ts'
import { addAmounts, nothing, readAmounts } from '../scheduler/amounts.ts'
import { podRequests } from '../scheduler/pod-requests.ts'
import { readNodeWish } from '../scheduler/pod-terms.ts'
import { allowsNode } from '../scheduler/plugins/node-affinity.ts'
import type { PodVerdict } from './pod-verdict.ts'

/** What a node has, as far as it decides which pods it takes. */
export interface NodeRoom {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly allocatable: Readonly<Record<string, string>>
}

/**
 * Why the node does not take a pod that is bound to it: whoever bound it did not know enough, or did not ask. Pure.
 *
 * @param taken pods that the node has and that have not ended
 * @see https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/kubelet/lifecycle/predicate.go
 */
export function refusalOf(
  pod: KubeObject,
  node: NodeRoom,
  taken: readonly KubeObject[],
): PodVerdict | undefined {
  const shortage = shortageOf(pod, node, taken)
  if (shortage) {
    const { resource, requested, used, capacity } = shortage
    const amounts = `requested: ${requested}, used: ${used}, capacity: ${capacity}`
    return refused(`OutOf${resource}`, `Node didn't have enough resource: ${resource}, ${amounts}`)
  }
  if (!allowsNode(readNodeWish(specOf(pod)), node))
    return refused(
      'NodeAffinity',
      "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    )
  return undefined
}

/** @param told the words of the event; the status has more */
export function refused(reason: string, told: string): PodVerdict {
  return { reason, message: `Pod was rejected: ${told}`, told }
}

interface Shortage {
  readonly resource: string
  /** In thousandths for CPU, else in bytes or units. */
  readonly requested: number
  readonly used: number
  readonly capacity: number
}

function shortageOf(
  pod: KubeObject,
  { allocatable }: NodeRoom,
  taken: readonly KubeObject[],
): Shortage | undefined {
  const limit = parseQuantity(allocatable['pods']) ?? 0
  const wanted = podRequests(specOf(pod))
  const has = readAmounts(allocatable)
  const used = taken.map((one) => podRequests(specOf(one))).reduce(addAmounts, nothing)
  const rows: readonly Shortage[] = [
    { resource: 'pods', requested: 1, used: taken.length, capacity: limit },
    { resource: 'cpu', requested: wanted.cpu, used: used.cpu, capacity: has.cpu },
    { resource: 'memory', requested: wanted.memory, used: used.memory, capacity: has.memory },
    {
      resource: 'ephemeral-storage',
      requested: wanted.ephemeralStorage,
      used: used.ephemeralStorage,
      capacity: has.ephemeralStorage,
    },
    ...Object.entries(wanted.others).map(([resource, requested]) => ({
      resource,
      requested,
      used: used.others[resource] ?? 0,
      capacity: has.others[resource] ?? 0,
    })),
  ]
  return rows.find((row) => row.requested > 0 && row.requested > row.capacity - row.used)
}

function specOf(pod: KubeObject): JsonObject {
  return pod.spec ?? {}
}

/** Whether an agent took it already: what has been started is not asked again. */
export function wasAdmitted(pod: KubeObject): boolean {
  return textAt(pod, ['status', 'startTime']) !== undefined
}

/** Whether it takes room of the node no more. */
export function isOver(pod: KubeObject): boolean {
  const phase = textAt(pod, ['status', 'phase'])
  return phase === 'Succeeded' || phase === 'Failed'
}
