import type { KeptDecision, NodeDecision } from './decision.ts'
import { intern } from './intern.ts'
import type { PodInfo } from './pod-info.ts'
import type { Attempt } from './schedule-pod.ts'
import { findSmallestChanges } from './smallest-change.ts'
import type { Snapshot } from './snapshot.ts'

export interface AttemptMoment {
  readonly scheduler: string
  readonly attempt: number
  /** Milliseconds since 1970. */
  readonly at: number
  readonly milliseconds: number
}

/** Keep of an attempt what can be told later, and nothing that holds the cluster in memory. */
export function recordAttempt(
  pod: PodInfo,
  snapshot: Snapshot,
  attempt: Attempt,
  moment: AttemptMoment,
): KeptDecision {
  const { chosen, preemption, lookedAt, filters, scores } = attempt
  return {
    ...subject(pod, moment),
    outcome: chosen ? 'Scheduled' : 'Unschedulable',
    node: chosen?.name,
    message: attempt.message ?? `Successfully assigned ${pod.key} to ${chosen?.name}`,
    preemption: preemption && {
      node: preemption.node,
      victims: preemption.victims.map(({ key }) => key),
    },
    nodesTotal: snapshot.nodes.length,
    nodesLookedAt: lookedAt,
    filters: filters.refusal ? [filters.refusal.plugin] : filters.plugins,
    scorers: scores.byPlugin.map(({ plugin, weight }) => ({ plugin, weight })),
    changes: chosen ? [] : findSmallestChanges(snapshot, attempt),
    rowCount: lookedAt,
    rows: keepRows(snapshot, attempt),
  }
}

/** Of a pod that is not to be tried yet. */
export function recordGated(pod: PodInfo, message: string, moment: AttemptMoment): KeptDecision {
  return {
    ...subject(pod, moment),
    outcome: 'SchedulingGated',
    message,
    nodesTotal: 0,
    nodesLookedAt: 0,
    filters: ['SchedulingGates'],
    scorers: [],
    changes: [{ node: '', changes: [`remove the scheduling gates ${pod.gates.join(', ')}`] }],
    rowCount: 0,
    rows: () => [],
  }
}

function subject({ namespace, name, uid }: PodInfo, moment: AttemptMoment) {
  const { scheduler, attempt, at, milliseconds } = moment
  return {
    namespace,
    name,
    uid,
    scheduler,
    attempt,
    at: new Date(at).toISOString(),
    milliseconds: Math.round(milliseconds * 1000) / 1000,
  }
}

function keepRows(
  snapshot: Snapshot,
  { rejections, feasible, scores: { byPlugin, totals } }: Attempt,
): () => NodeDecision[] {
  const names = feasible.map(({ name }) => name)
  // Bytes rather than lists: there may be a million of them.
  const columns = byPlugin.map(({ scores }) => Uint8Array.from(scores))
  const sums = Uint32Array.from(totals)
  const rejected = keepRejected(snapshot, rejections)
  return () => [
    ...names
      .map((node, row) => ({
        node,
        scores: columns.map((column) => column[row]!),
        total: sums[row]!,
      }))
      .toSorted((a, b) => b.total - a.total),
    ...rejected(),
  ]
}

/** Most nodes are rejected for one of few causes. */
function keepRejected(
  { nodes }: Snapshot,
  rejections: Attempt['rejections'],
): () => NodeDecision[] {
  const causes = new Map<string, NonNullable<NodeDecision['rejectedBy']>>()
  const names: string[] = []
  const keys: string[] = []
  for (let index = 0; index < rejections.length; index++) {
    const rejection = rejections[index]
    if (!rejection) continue
    const { plugin } = rejection
    const { reasons } = rejection.rejection
    const key = intern(`${plugin} ${reasons.join()}`)
    if (!causes.has(key)) causes.set(key, { plugin, reasons })
    names.push(nodes[index]!.name)
    keys.push(key)
  }
  return () => names.map((node, row) => ({ node, rejectedBy: causes.get(keys[row]!)! }))
}
