import { maxScore, reject, rejectFinally } from '../framework.ts'
import type { NodeFilter, Plugin, PreparedScore } from '../framework.ts'
import { matchesLabels } from '../label-match.ts'
import { countPods } from '../node-info.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { SpreadConstraint } from '../pod-terms.ts'
import type { Snapshot } from '../snapshot.ts'
import { findUntolerated } from '../tolerations.ts'
import { allowsNode } from './node-affinity.ts'

const hostname = 'kubernetes.io/hostname'
const reason = "node(s) didn't match pod topology spread constraints"

/** @see https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
export const podTopologySpread: Plugin = {
  name: 'PodTopologySpread',
  prepareFilter: (pod, snapshot) => {
    const constraints = pod.spread.filter(({ isRequired }) => isRequired)
    return constraints.length === 0 ? undefined : { filter: makeFilter(pod, constraints, snapshot) }
  },
  prepareScore,
  hints: [
    { on: 'node-added' },
    { on: 'node-removed' },
    { on: 'node-labels' },
    { on: 'node-taints' },
    { on: 'pod-labels' },
    ...(['pod-assigned', 'pod-gone'] as const).map((on) => ({
      on,
      helps: (pod: PodInfo, change: object) =>
        'pod' in change && isCounted(pod, change.pod as PodInfo),
    })),
  ],
}

function isCounted({ namespace, spread }: PodInfo, other: PodInfo): boolean {
  return (
    other.namespace === namespace &&
    spread.some(({ selector }) => matchesLabels(other.labels, selector))
  )
}

function makeFilter(
  pod: PodInfo,
  constraints: readonly SpreadConstraint[],
  snapshot: Snapshot,
): NodeFilter {
  const keys = constraints.map(({ topologyKey }) => topologyKey)
  const checks = constraints.map((constraint) => {
    const counts = new Map<string, number>()
    for (const node of snapshot.nodes) {
      if (!hasAll(node, keys) || !isIncluded(pod, node, constraint)) continue
      const value = node.labels[constraint.topologyKey]!
      counts.set(value, (counts.get(value) ?? 0) + countMatching(node, pod, constraint))
    }
    // With fewer topologies than asked for, one is taken to be empty.
    const least = counts.size < constraint.minDomains ? 0 : Math.min(...counts.values())
    const own = matchesLabels(pod.labels, constraint.selector) ? 1 : 0
    return { constraint, counts, least: counts.size === 0 ? 0 : least, own }
  })
  return (node) => {
    for (const { constraint, counts, least, own } of checks) {
      const { topologyKey, maxSkew } = constraint
      const value = node.labels[topologyKey]
      if (value === undefined)
        return rejectFinally(
          `${reason} (missing required label)`,
          () => `label node ${node.name} with ${topologyKey}`,
        )
      const skew = (counts.get(value) ?? 0) + own - least
      if (skew > maxSkew)
        return reject(
          reason,
          () =>
            `raise maxSkew of ${topologyKey} from ${maxSkew} to ${skew}, or make room where fewer of these pods run than in ${value}`,
        )
    }
    return undefined
  }
}

function prepareScore(
  pod: PodInfo,
  snapshot: Snapshot,
  nodes: readonly NodeInfo[],
): PreparedScore | undefined {
  const isOwn = pod.spread.length > 0
  const constraints = isOwn
    ? pod.spread.filter(({ isRequired }) => !isRequired)
    : usualConstraints(pod, snapshot)
  if (constraints.length === 0) return undefined
  const keys = constraints.map(({ topologyKey }) => topologyKey)
  // By the usual constraints, a node without a zone is still compared by its name.
  const isIgnored = (node: NodeInfo) => isOwn && !hasAll(node, keys)
  const candidates = nodes.filter((node) => !isIgnored(node))
  const parts = constraints.map((constraint) =>
    countTopologies(
      pod,
      constraint,
      snapshot.nodes.filter((node) => !isIgnored(node)),
      candidates,
    ),
  )
  return {
    score: (node) => {
      if (isIgnored(node)) return 0
      let sum = 0
      for (const { constraint, weight, countOf } of parts)
        if (node.labels[constraint.topologyKey] !== undefined)
          sum += countOf(node) * weight + (constraint.maxSkew - 1)
      return Math.round(sum)
    },
    normalize: (scores, scored) => invert(scores, scored.map(isIgnored)),
  }
}

function countTopologies(
  pod: PodInfo,
  constraint: SpreadConstraint,
  all: readonly NodeInfo[],
  candidates: readonly NodeInfo[],
) {
  const { topologyKey } = constraint
  if (topologyKey === hostname)
    return {
      constraint,
      weight: Math.log(candidates.length + 2),
      countOf: (node: NodeInfo) => countMatching(node, pod, constraint),
    }
  const counts = new Map<string | undefined, number>()
  for (const { labels } of candidates) counts.set(labels[topologyKey], 0)
  for (const node of all) {
    const count = counts.get(node.labels[topologyKey])
    if (count === undefined || !isIncluded(pod, node, constraint)) continue
    counts.set(node.labels[topologyKey], count + countMatching(node, pod, constraint))
  }
  return {
    constraint,
    // So that few great topologies do not drown many small ones.
    weight: Math.log(counts.size + 2),
    countOf: ({ labels }: NodeInfo) => counts.get(labels[topologyKey]) ?? 0,
  }
}

/** Fewest pods is best. */
function invert(scores: number[], ignored: readonly boolean[]): void {
  const counted = scores.filter((_, index) => !ignored[index])
  const min = Math.min(...counted)
  const max = Math.max(0, ...counted)
  for (const [index, score] of scores.entries())
    scores[index] = ignored[index]
      ? 0
      : max === 0
        ? maxScore
        : Math.floor((maxScore * (max + min - score)) / max)
}

/** Pods that say nothing of their spread are kept apart from their siblings a little. */
function usualConstraints(pod: PodInfo, snapshot: Snapshot): SpreadConstraint[] {
  const selector = snapshot.siblingsOf(pod)
  if (!selector) return []
  const soft = {
    minDomains: 1,
    isRequired: false,
    selector,
    honorsAffinity: true,
    honorsTaints: false,
  }
  return [
    { ...soft, topologyKey: hostname, maxSkew: 3 },
    { ...soft, topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
  ]
}

function countMatching(node: NodeInfo, { namespace }: PodInfo, constraint: SpreadConstraint) {
  const { selector } = constraint
  return countPods(
    node,
    `spread ${namespace} ${selector.key}`,
    (other) =>
      other.namespace === namespace &&
      !other.isTerminating &&
      matchesLabels(other.labels, selector),
  )
}

function hasAll({ labels }: NodeInfo, keys: readonly string[]): boolean {
  return keys.every((key) => labels[key] !== undefined)
}

function isIncluded(pod: PodInfo, node: NodeInfo, constraint: SpreadConstraint): boolean {
  if (constraint.honorsAffinity && !allowsNode(pod.nodeWish, node)) return false
  return !constraint.honorsTaints || !findUntolerated(node.taints, pod.tolerations)
}
