import { listAt, numberAt, valueAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import { parseQuantity } from '../api/quantity.ts'
import { addAmounts, nothing, readAmounts, subtractAmounts } from './amounts.ts'
import type { Amounts } from './amounts.ts'
import type { Labels } from './label-match.ts'
import type { PodInfo } from './pod-info.ts'
import { readTaints } from './tolerations.ts'
import type { Taint } from './tolerations.ts'

/** What a node says of itself, read once per version. */
export interface NodeFacts {
  readonly object: KubeObject
  readonly name: string
  readonly labels: Labels
  readonly taints: readonly Taint[]
  readonly isUnschedulable: boolean
  readonly allocatable: Amounts
  /** How many pods it takes. */
  readonly podLimit: number
  /** Bytes of each image that is there, by every name that it has. */
  readonly images: ReadonlyMap<string, number>
}

/** A node and the pods on it. Never changed: adding a pod makes another one. */
export interface NodeInfo extends NodeFacts {
  readonly pods: readonly PodInfo[]
  readonly requested: Amounts
  /** With usual amounts for what asks for nothing. */
  readonly usualRequested: Amounts
  /** Pods that like others, or dislike them. */
  readonly podsWithTerms: readonly PodInfo[]
  /** Pods that must not be near some others. */
  readonly podsApart: readonly PodInfo[]
  /** What plugins have worked out about this very node; it holds as long as the node does. */
  readonly known: Map<string, unknown>
}

export function readNodeFacts(object: KubeObject): NodeFacts {
  const allocatable =
    valueAt(object, ['status', 'allocatable']) ?? valueAt(object, ['status', 'capacity'])
  return {
    object,
    name: object.metadata.name ?? '',
    labels: object.metadata.labels ?? {},
    taints: readTaints(object.spec),
    isUnschedulable: object.spec?.['unschedulable'] === true,
    allocatable: readAmounts(allocatable),
    podLimit: parseQuantity(valueAt(allocatable, ['pods'])) ?? 0,
    images: readImages(object),
  }
}

function readImages(node: KubeObject): Map<string, number> {
  const images = new Map<string, number>()
  for (const image of listAt(node, ['status', 'images'])) {
    const names = valueAt(image, ['names'])
    if (!Array.isArray(names)) continue
    for (const name of names) images.set(String(name), numberAt(image, ['sizeBytes']) ?? 0)
  }
  return images
}

export function makeNodeInfo(facts: NodeFacts, pods: readonly PodInfo[] = []): NodeInfo {
  return {
    ...facts,
    pods,
    requested: pods.reduce((sum, { requests }) => addAmounts(sum, requests), nothing),
    usualRequested: pods.reduce(
      (sum, { usualRequests }) => addAmounts(sum, usualRequests),
      nothing,
    ),
    podsWithTerms: pods.filter(hasTerms),
    podsApart: pods.filter(isApart),
    known: new Map(),
  }
}

function isApart({ antiAffinity }: PodInfo): boolean {
  return antiAffinity.required.length > 0
}

function hasTerms({ affinity, antiAffinity }: PodInfo): boolean {
  const count = (terms: PodInfo['affinity']) => terms.required.length + terms.preferred.length
  return count(affinity) + count(antiAffinity) > 0
}

export function withPod(node: NodeInfo, pod: PodInfo): NodeInfo {
  return {
    ...node,
    pods: [...node.pods, pod],
    requested: addAmounts(node.requested, pod.requests),
    usualRequested: addAmounts(node.usualRequested, pod.usualRequests),
    podsWithTerms: hasTerms(pod) ? [...node.podsWithTerms, pod] : node.podsWithTerms,
    podsApart: isApart(pod) ? [...node.podsApart, pod] : node.podsApart,
    known: new Map(),
  }
}

/** The node without the pod of this uid; the same node if it is not there. */
export function withoutPod(node: NodeInfo, { uid }: { readonly uid: string }): NodeInfo {
  const gone = node.pods.find((pod) => pod.uid === uid)
  if (!gone) return node
  return {
    ...node,
    pods: node.pods.filter((pod) => pod !== gone),
    requested: subtractAmounts(node.requested, gone.requests),
    usualRequested: subtractAmounts(node.usualRequested, gone.usualRequests),
    podsWithTerms: node.podsWithTerms.filter((pod) => pod !== gone),
    podsApart: node.podsApart.filter((pod) => pod !== gone),
    known: new Map(),
  }
}

/** More would be kept of a node that never changes than is asked again. */
const mostKnown = 256

/** Work something out once per version of a node. @param key by which the question is known; it belongs to one type of answer */
export function workOut<Answer>(
  node: NodeInfo,
  key: string,
  find: (node: NodeInfo) => Answer,
): Answer {
  const { known } = node
  const answer = known.get(key)
  // The cast is right as long as a key stands for one question.
  if (answer !== undefined) return answer as Answer
  const found = find(node)
  if (known.size >= mostKnown) known.clear()
  known.set(key, found)
  return found
}

export interface PodQuestion {
  readonly key: string
  readonly isCounted: (pod: PodInfo) => boolean
}

/** Count pods of a node, once per version of it. */
export function countPods(node: NodeInfo, { key, isCounted }: PodQuestion): number {
  if (node.pods.length === 0) return 0
  return workOut(node, key, ({ pods }) => {
    let count = 0
    for (const pod of pods) if (isCounted(pod)) count++
    return count
  })
}

export function zoneOf({ labels }: NodeInfo): string | undefined {
  return labels['topology.kubernetes.io/zone']
}
