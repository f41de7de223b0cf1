import { maxScore } from '../framework.ts'
import type { PreparedScore } from '../framework.ts'
import { countPods } from '../node-info.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { PodTerm } from '../pod-terms.ts'
import type { Snapshot } from '../snapshot.ts'
import { matchesPodTerm } from './match-pod-term.ts'
import { addToTopology, topologyCount } from './topology-counts.ts'
import type { TopologyCounts } from './topology-counts.ts'

/** A pod that must be near another is taken to be glad, this much, of the other's coming nearer. */
const requiredWeight = 1

/** Weights of preferred terms, both of the newcomer and of the pods that run, by topology. */
export function scoreByPodAffinity(pod: PodInfo, snapshot: Snapshot): PreparedScore | undefined {
  const counts: TopologyCounts = new Map()
  for (const node of snapshot.nodes) {
    addOwn(counts, pod.affinity.preferred, 1, node, snapshot)
    addOwn(counts, pod.antiAffinity.preferred, -1, node, snapshot)
    for (const other of node.podsWithTerms) addOther(counts, other, pod, node, snapshot)
  }
  if (counts.size === 0) return undefined
  const keys = [...counts.keys()]
  return {
    score: (node) => keys.reduce((sum, key) => sum + topologyCount(counts, key, node), 0),
    normalize: (scores) => {
      const max = Math.max(0, ...scores)
      const min = Math.min(0, ...scores)
      for (const [index, score] of scores.entries())
        scores[index] = max === min ? 0 : Math.floor((maxScore * (score - min)) / (max - min))
    },
  }
}

function addOwn(
  counts: TopologyCounts,
  terms: readonly PodTerm[],
  sign: number,
  node: NodeInfo,
  snapshot: Snapshot,
): void {
  for (const term of terms) {
    const isMeant = (other: PodInfo) => matchesPodTerm(other, term, snapshot)
    const count = countPods(node, `far ${term.key}`, isMeant)
    addToTopology(counts, term.topologyKey, node, count * term.weight * sign)
  }
}

function addOther(
  counts: TopologyCounts,
  { affinity, antiAffinity }: PodInfo,
  pod: PodInfo,
  node: NodeInfo,
  snapshot: Snapshot,
): void {
  const add = (terms: readonly PodTerm[], weightOf: (term: PodTerm) => number) => {
    for (const term of terms)
      if (matchesPodTerm(pod, term, snapshot))
        addToTopology(counts, term.topologyKey, node, weightOf(term))
  }
  add(affinity.required, () => requiredWeight)
  add(affinity.preferred, ({ weight }) => weight)
  add(antiAffinity.preferred, ({ weight }) => -weight)
}
