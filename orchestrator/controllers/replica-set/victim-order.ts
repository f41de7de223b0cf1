import { listAt, numberAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { conditionOf, createdAt, isReady, nodeOf, podPhase } from '../objects/pod-facts.ts'

// Which pods go first when there are too many: those whose loss is felt least.
// https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset

const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

interface Candidate {
  readonly pod: KubeObject
  /** Pods of the same owner on the same node. */
  readonly neighbours: number
}

/** What tells two pods apart, strongest first; below zero: the first of them goes. */
type Rule = (a: Candidate, b: Candidate, now: Date) => number

const phases = ['Pending', 'Unknown', 'Running']

const rules: readonly Rule[] = [
  by(({ pod }) => (nodeOf(pod) ? 1 : 0)),
  by(({ pod }) => phases.indexOf(podPhase(pod))),
  by(({ pod }) => (isReady(pod) ? 1 : 0)),
  by(({ pod }) => deletionCost(pod)),
  by(({ neighbours }) => -neighbours),
  (a, b, now) => (isReady(a.pod) ? younger(readySince(a.pod), readySince(b.pod), a, b, now) : 0),
  by(({ pod }) => -mostRestarts(pod)),
  (a, b, now) => younger(createdAt(a.pod), createdAt(b.pod), a, b, now),
]

/**
 * The pods, the first to go first.
 * @param related all pods that the same owner means to spread over the nodes
 */
export function orderVictims(
  pods: readonly KubeObject[],
  related: readonly KubeObject[],
  now: Date,
): KubeObject[] {
  const perNode = new Map<string, number>()
  for (const pod of related) {
    const node = nodeOf(pod)
    if (node) perNode.set(node, (perNode.get(node) ?? 0) + 1)
  }
  return pods
    .map((pod) => ({ pod, neighbours: perNode.get(nodeOf(pod) ?? '') ?? 0 }))
    .toSorted((a, b) => firstDifference(a, b, now))
    .map(({ pod }) => pod)
}

function firstDifference(a: Candidate, b: Candidate, now: Date): number {
  for (const rule of rules) {
    const difference = rule(a, b, now)
    if (difference !== 0) return difference
  }
  return 0
}

function by(value: (candidate: Candidate) => number): Rule {
  return (a, b) => value(a) - value(b)
}

/** Ages that differ by less than half are as good as the same, so that not always the newest goes. */
function younger(since: number, other: number, a: Candidate, b: Candidate, now: Date): number {
  if (since === other) return 0
  if (since === 0 || other === 0) return since === 0 ? -1 : 1
  const rank = (time: number): number => {
    const age = now.getTime() - time
    return age > 0 ? Math.floor(Math.log2(age * 1e6)) : -1
  }
  const difference = rank(since) - rank(other)
  if (difference !== 0) return difference
  return (a.pod.metadata.uid ?? '') < (b.pod.metadata.uid ?? '') ? -1 : 1
}

function readySince(pod: KubeObject): number {
  return Date.parse(conditionOf(pod, 'Ready')?.lastTransitionTime ?? '') || 0
}

function deletionCost({ metadata }: KubeObject): number {
  const text = metadata.annotations?.[costAnnotation] ?? ''
  return /^-?\d+$/.test(text) ? Number(text) : 0
}

function mostRestarts(pod: KubeObject): number {
  const counts = listAt(pod, ['status', 'containerStatuses']).map(
    (status) => numberAt(status, ['restartCount']) ?? 0,
  )
  return Math.max(0, ...counts)
}
