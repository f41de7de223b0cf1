import type { ClusterChange } from '../cluster-change.ts'
import { reject, rejectFinally } from '../framework.ts'
import type { NodeFilter, Plugin } from '../framework.ts'
import { intern } from '../intern.ts'
import { countPods, workOut } from '../node-info.ts'
import type { NodeInfo } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { PodTerm } from '../pod-terms.ts'
import type { Snapshot } from '../snapshot.ts'
import { askForTerm, matchesPodTerm } from './match-pod-term.ts'
import { scoreByPodAffinity } from './score-pod-affinity.ts'
import { addToTopology, topologyCount } from './topology-counts.ts'
import type { TopologyCounts } from './topology-counts.ts'

/** Near pods that a pod names, and far from others; also what pods that run already demand of newcomers. */
export const interPodAffinity: Plugin = {
  name: 'InterPodAffinity',
  prepareFilter: (pod, snapshot) => {
    const filters = [
      filterByAffinity(pod, snapshot),
      filterByAntiAffinity(pod, snapshot),
      filterByOthersAntiAffinity(pod, snapshot),
    ].filter((filter) => filter !== undefined)
    if (filters.length === 0) return undefined
    return {
      filter: (node) => {
        for (const filter of filters) {
          const rejection = filter(node)
          if (rejection) return rejection
        }
        return undefined
      },
    }
  },
  prepareScore: scoreByPodAffinity,
  hints: [
    { on: 'node-added' },
    { on: 'node-labels' },
    { on: 'namespace-labels' },
    { on: 'pod-assigned', helps: isWanted },
    { on: 'pod-labels' },
    { on: 'pod-gone', helps: wasInTheWay },
  ],
}

const everyNamespace = { namespaceLabels: new Map() }

/** A term with a selector of namespaces may mean any pod: that is found out when the pod is tried. */
function mayMean(term: PodTerm, pod: PodInfo): boolean {
  return term.namespaceSelector !== undefined || matchesPodTerm(pod, term, everyNamespace)
}

function isWanted({ affinity }: PodInfo, change: ClusterChange): boolean {
  return 'pod' in change && affinity.required.some((term) => mayMean(term, change.pod))
}

function wasInTheWay(pod: PodInfo, change: ClusterChange): boolean {
  if (!('pod' in change)) return false
  const { antiAffinity } = change.pod
  return (
    pod.antiAffinity.required.some((term) => mayMean(term, change.pod)) ||
    antiAffinity.required.some((term) => mayMean(term, pod))
  )
}

function filterByAffinity(pod: PodInfo, snapshot: Snapshot): NodeFilter | undefined {
  const terms = pod.affinity.required
  if (terms.length === 0) return undefined
  // Another pod counts when it satisfies all terms, wherever each of them looks for it.
  const matchesAll = (other: PodInfo) =>
    terms.every((term) => matchesPodTerm(other, term, snapshot))
  const question = {
    key: intern(`near ${terms.map(({ key }) => key).join(' & ')}`),
    isCounted: matchesAll,
  }
  const counts: TopologyCounts = new Map()
  for (const node of snapshot.nodes) {
    const count = countPods(node, question)
    if (count > 0)
      for (const { topologyKey } of terms) addToTopology(counts, topologyKey, node, count)
  }
  // The first of pods that want each other must be able to start somewhere.
  const isFirst = counts.size === 0 && matchesAll(pod)
  return (node) => {
    const fits = terms.every(
      ({ topologyKey }) =>
        node.labels[topologyKey] !== undefined &&
        (isFirst || topologyCount(counts, topologyKey, node) > 0),
    )
    if (fits) return undefined
    return rejectFinally(
      "node(s) didn't match pod affinity rules",
      () =>
        `run a pod that the pod's affinity asks for in the same ${topologies(terms)} as node ${node.name}`,
    )
  }
}

function filterByAntiAffinity(pod: PodInfo, snapshot: Snapshot): NodeFilter | undefined {
  const terms = pod.antiAffinity.required
  if (terms.length === 0) return undefined
  const counts = terms.map((term) => {
    const of: TopologyCounts = new Map()
    const question = askForTerm(term, snapshot)
    for (const node of snapshot.nodes)
      addToTopology(of, term.topologyKey, node, countPods(node, question))
    return of
  })
  return (node) => {
    const isBlocked = terms.some(
      ({ topologyKey }, index) => topologyCount(counts[index]!, topologyKey, node) > 0,
    )
    if (!isBlocked) return undefined
    return reject(
      "node(s) didn't match pod anti-affinity rules",
      () =>
        `add a node in another ${topologies(terms)}, or relax the pod's podAntiAffinity: a pod that it avoids is near node ${node.name}`,
    )
  }
}

function filterByOthersAntiAffinity(pod: PodInfo, snapshot: Snapshot): NodeFilter | undefined {
  const counts: TopologyCounts = new Map()
  const key = intern(`avoided ${pod.likeness}`)
  const find = ({ podsApart }: NodeInfo): string[] =>
    podsApart.flatMap(({ antiAffinity }) =>
      antiAffinity.required
        .filter((term) => matchesPodTerm(pod, term, snapshot))
        .map(({ topologyKey }) => topologyKey),
    )
  for (const node of snapshot.nodes) {
    if (node.podsApart.length === 0) continue
    for (const topologyKey of workOut(node, key, find)) addToTopology(counts, topologyKey, node, 1)
  }
  if (counts.size === 0) return undefined
  return (node) => {
    for (const topologyKey of counts.keys())
      if (topologyCount(counts, topologyKey, node) > 0)
        return reject(
          "node(s) didn't satisfy existing pods anti-affinity rules",
          () =>
            `remove the pod near node ${node.name} whose podAntiAffinity names this one, or relax it`,
        )
    return undefined
  }
}

function topologies(terms: readonly PodTerm[]): string {
  return [...new Set(terms.map(({ topologyKey }) => topologyKey))].join(', ')
}
