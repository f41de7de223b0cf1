import { reject, rejectFinally } from '../framework.ts'
import type { NodeFilter, Plugin } from '../framework.ts'
import { matchesLabels } from '../label-match.ts'
import { countPods } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'
import type { SpreadConstraint } from '../pod-terms.ts'
import type { Snapshot } from '../snapshot.ts'
import { scoreBySpread } from './score-topology-spread.ts'
import { askForSpread, hasLabels, isIncluded } from './spread-counts.ts'

const reason = "node(s) didn't match pod topology spread constraints"

/** @see https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/ */
export const podTopologySpread: Plugin = {
  name: 'PodTopologySpread',
  prepareFilter: (pod, snapshot) => {
    const constraints = pod.spread.filter(({ isRequired }) => isRequired)
    return constraints.length === 0 ? undefined : { filter: makeFilter(pod, constraints, snapshot) }
  },
  prepareScore: scoreBySpread,
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
    const question = askForSpread(pod, constraint)
    for (const node of snapshot.nodes) {
      if (!hasLabels(node, keys) || !isIncluded(pod, node, constraint)) continue
      const value = node.labels[constraint.topologyKey]!
      counts.set(value, (counts.get(value) ?? 0) + countPods(node, question))
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
