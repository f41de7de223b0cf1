import { maxScore } from '../framework.ts'
import type { PreparedScore } from '../framework.ts'
import { intern } from '../intern.ts'
import { countPods, workOut } from '../node-info.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { PodTerm } from '../pod-terms.ts'
import type { Snapshot } from '../snapshot.ts'
import { askForTerm, matchesPodTerm } from './match-pod-term.ts'
import { addToTopology, topologyCount } from './topology-counts.ts'
import type { TopologyCounts } from './topology-counts.ts'

/** A pod that must be near another is taken to be glad, this much, of the other's coming nearer. */
const requiredWeight = 1

/** Weights of preferred terms, both of the newcomer and of the pods that run, by topology. */
export function scoreByPodAffinity(pod: PodInfo, snapshot: Snapshot): PreparedScore | undefined {
  const counts: TopologyCounts = new Map()
  addOwn(counts, pod.affinity.preferred, 1, snapshot)
  addOwn(counts, pod.antiAffinity.preferred, -1, snapshot)
  addOthers(counts, pod, snapshot)
  if (counts.size === 0) return undefined
  const keys = [...counts.keys()]
  return {
    score: (node) => {
      let sum = 0
      for (const key of keys) sum += topologyCount(counts, key, node)
      return sum
    },
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
  snapshot: Snapshot,
): void {
  for (const term of terms) {
    const question = askForTerm(term, snapshot)
    for (const node of snapshot.nodes)
      addToTopology(counts, term.topologyKey, node, countPods(node, question) * term.weight * sign)
  }
}

interface Wish {
  readonly topologyKey: string
  readonly weight: number
}

/** What the pods that run think of the newcomer. */
function addOthers(counts: TopologyCounts, pod: PodInfo, snapshot: Snapshot): void {
  const key = intern(`liked ${pod.likeness}`)
  const find = ({ podsWithTerms }: NodeInfo): Wish[] =>
    addUp(podsWithTerms.flatMap((other) => wishesOf(other, pod, snapshot)))
  for (const node of snapshot.nodes) {
    if (node.podsWithTerms.length === 0) continue
    for (const { topologyKey, weight } of workOut(node, key, find))
      addToTopology(counts, topologyKey, node, weight)
  }
}

/** One wish for each kind of topology: a node of many pods is then added at once. */
function addUp(wishes: readonly Wish[]): Wish[] {
  const sums = new Map<string, number>()
  for (const { topologyKey, weight } of wishes)
    sums.set(topologyKey, (sums.get(topologyKey) ?? 0) + weight)
  return [...sums].map(([topologyKey, weight]) => ({ topologyKey, weight }))
}

function wishesOf({ affinity, antiAffinity }: PodInfo, pod: PodInfo, snapshot: Snapshot): Wish[] {
  const wishes = (terms: readonly PodTerm[], weightOf: (term: PodTerm) => number) =>
    terms
      .filter((term) => matchesPodTerm(pod, term, snapshot))
      .map((term) => ({ topologyKey: term.topologyKey, weight: weightOf(term) }))
  return [
    ...wishes(affinity.required, () => requiredWeight),
    ...wishes(affinity.preferred, ({ weight }) => weight),
    ...wishes(antiAffinity.preferred, ({ weight }) => -weight),
  ]
}
