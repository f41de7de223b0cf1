import { maxScore } from '../framework.ts'
import type { PreparedScore } from '../framework.ts'
import { countPods } from '../node-info.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { SpreadConstraint } from '../pod-terms.ts'
import type { Snapshot } from '../snapshot.ts'
import { askForSpread, hasLabels, isIncluded } from './spread-counts.ts'

const hostname = 'kubernetes.io/hostname'

/** Prefers topologies with the fewest pods of the kind. */
export function scoreBySpread(
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
  const isIgnored = (node: NodeInfo) => isOwn && !hasLabels(node, keys)
  const candidates = nodes.filter((node) => !isIgnored(node))
  const all = isOwn ? snapshot.nodes.filter((node) => !isIgnored(node)) : snapshot.nodes
  const parts = constraints.map((constraint) => countTopologies(pod, constraint, all, candidates))
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
  const question = askForSpread(pod, constraint)
  if (topologyKey === hostname)
    return {
      constraint,
      weight: Math.log(candidates.length + 2),
      countOf: (node: NodeInfo) => countPods(node, question),
    }
  const counts = new Map<string | undefined, number>()
  for (const { labels } of candidates) counts.set(labels[topologyKey], 0)
  for (const node of all) {
    const count = counts.get(node.labels[topologyKey])
    if (count === undefined || !isIncluded(pod, node, constraint)) continue
    counts.set(node.labels[topologyKey], count + countPods(node, question))
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
