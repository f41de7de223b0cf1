import { sameJson } from '../api/object.ts'
import type { NodeFacts, NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'

/** Something happened that may let a waiting pod fit. */
export type ClusterChange =
  | { readonly type: 'node-added'; readonly node: NodeFacts }
  | { readonly type: 'node-removed'; readonly node: NodeFacts }
  | { readonly type: 'node-labels'; readonly node: NodeFacts; readonly before: NodeFacts }
  | { readonly type: 'node-taints'; readonly node: NodeFacts; readonly before: NodeFacts }
  | { readonly type: 'node-capacity'; readonly node: NodeFacts; readonly before: NodeFacts }
  | { readonly type: 'pod-assigned'; readonly pod: PodInfo }
  | { readonly type: 'pod-labels'; readonly pod: PodInfo; readonly before: PodInfo }
  /** A pod on a node asks for less than before. */
  | { readonly type: 'pod-shrunk'; readonly pod: PodInfo; readonly before: PodInfo }
  /** A pod left its node: deleted, or ended. `left` is the node without it. */
  | { readonly type: 'pod-gone'; readonly pod: PodInfo; readonly left?: NodeInfo | undefined }
  | { readonly type: 'namespace-labels'; readonly namespace: string }
  /** A claim, a volume or a class came, changed or went. */
  | { readonly type: 'storage' }

export function nodeChanges(before: NodeFacts, node: NodeFacts): ClusterChange[] {
  const changes: ClusterChange[] = []
  if (!sameJson(before.labels, node.labels)) changes.push({ type: 'node-labels', node, before })
  if (!sameJson(before.taints, node.taints) || before.isUnschedulable !== node.isUnschedulable)
    changes.push({ type: 'node-taints', node, before })
  if (!sameJson(before.allocatable, node.allocatable) || before.podLimit !== node.podLimit)
    changes.push({ type: 'node-capacity', node, before })
  return changes
}

export function podChanges(before: PodInfo, pod: PodInfo): ClusterChange[] {
  const changes: ClusterChange[] = []
  if (!sameJson(before.labels, pod.labels)) changes.push({ type: 'pod-labels', pod, before })
  const less = (['cpu', 'memory', 'ephemeralStorage'] as const).some(
    (name) => pod.requests[name] < before.requests[name],
  )
  if (less) changes.push({ type: 'pod-shrunk', pod, before })
  return changes
}
