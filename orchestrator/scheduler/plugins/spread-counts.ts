import { intern } from '../intern.ts'
import { matchesLabels } from '../label-match.ts'
import type { NodeInfo, PodQuestion } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { SpreadConstraint } from '../pod-terms.ts'
import { findUntolerated } from '../tolerations.ts'
import { allowsNode } from './node-affinity.ts'

/** Which pods of a node count for a constraint. */
export function askForSpread({ namespace }: PodInfo, { selector }: SpreadConstraint): PodQuestion {
  return {
    key: intern(`spread ${namespace} ${selector.key}`),
    isCounted: (other) =>
      other.namespace === namespace &&
      !other.isTerminating &&
      matchesLabels(other.labels, selector),
  }
}

export function hasLabels({ labels }: NodeInfo, keys: readonly string[]): boolean {
  for (const key of keys) if (labels[key] === undefined) return false
  return true
}

/** Whether the pods of the node count at all. */
export function isIncluded(
  pod: PodInfo,
  node: NodeInfo,
  { honorsAffinity, honorsTaints }: SpreadConstraint,
): boolean {
  if (honorsAffinity && !allowsNode(pod.nodeWish, node)) return false
  return !honorsTaints || !findUntolerated(node.taints, pod.tolerations)
}
