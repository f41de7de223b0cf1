import { numberAt, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { keyOf } from '../objects/ownership.ts'
import {
  availableAt,
  createdAt,
  isAvailable,
  isFinished,
  isTerminating,
  podPhase,
} from '../objects/pod-facts.ts'
import { hashOf, planRevision, planRevisionHistory } from '../revisions/revision.ts'
import { createPod, deletePod } from '../writes/pod-writes.ts'
import type { Plan, Remark, Write } from '../writes/write.ts'
import { daemonPod, pinToNode, targetNode } from './daemon-pod.ts'
import { nextRolloutStep } from './daemon-rollout.ts'
import { planDaemonStatus } from './daemon-status.ts'
import { matchNode } from './node-match.ts'
import type { NodeMatch } from './node-match.ts'

export interface DaemonSetView {
  readonly set: KubeObject
  readonly nodes: readonly KubeObject[]
  /** Those that the set owns. */
  readonly pods: readonly KubeObject[]
  readonly revisions: readonly KubeObject[]
  readonly now: Date
  /** Milliseconds until a failed pod of that node may be replaced; 0: now, and the next time later. */
  readonly failureWaitMs: (node: string) => number
}

/** One pod on each node that the set selects. */
export function planDaemonSet(view: DaemonSetView): Plan {
  const { set, nodes, pods, revisions, now } = view
  const labels = { ...(set.spec?.['template'] as KubeObject | undefined)?.metadata?.labels }
  const revision = planRevision(set, revisions, labels)
  const hash = hashOf(revision.current) ?? ''
  const template = daemonPod(set, hash)
  const matches = new Map(
    nodes.map((node) => [node.metadata.name ?? '', matchNode(template, node)]),
  )
  const byNode = groupByNode(pods)
  const status = planDaemonStatus(set, matches, byNode, hash, now)
  if (isTerminating(set)) return { writes: status }
  const { writes, waits } = planPods(view, matches, byNode, hash)
  const inUse = new Set(pods.map(hashOf))
  return {
    writes: [
      ...revision.writes,
      ...writes,
      ...status,
      ...planRevisionHistory(set, revision.others, inUse),
    ],
    againInMs: soonest([...waits, ...availabilityWaits(set, pods, now)]),
  }
}

function groupByNode(pods: readonly KubeObject[]): Map<string, KubeObject[]> {
  const byNode = new Map<string, KubeObject[]>()
  for (const pod of pods) {
    const node = targetNode(pod)
    if (node === undefined || (isTerminating(pod) && isFinished(pod))) continue
    const list = byNode.get(node) ?? []
    list.push(pod)
    byNode.set(node, list)
  }
  return byNode
}

function planPods(
  view: DaemonSetView,
  matches: ReadonlyMap<string, NodeMatch>,
  byNode: ReadonlyMap<string, KubeObject[]>,
  hash: string,
): { writes: Write[]; waits: number[] } {
  const { set } = view
  const template = daemonPod(set, hash)
  const waits: number[] = []
  const create = (node: string): Write => createPod(set, pinToNode(template, node))
  const placed = [...matches].flatMap(([node, match]) =>
    planNode(view, node, match, byNode.get(node), waits, create),
  )
  // An update begins when everything is in its place.
  if (placed.length > 0) return { writes: placed, waits }
  const running = [...matches].filter(([, { run }]) => run)
  const mine = new Map(running.map(([node]) => [node, byNode.get(node) ?? []]))
  const minReady = numberAt(set, ['spec', 'minReadySeconds']) ?? 0
  const { remove, surge } = nextRolloutStep(set, mine, hash, (pod) =>
    isAvailable(pod, minReady, view.now),
  )
  return { writes: [...remove.map((pod) => deletePod(set, pod)), ...surge.map(create)], waits }
}

function planNode(
  view: DaemonSetView,
  node: string,
  { run, stay }: NodeMatch,
  pods: KubeObject[] | undefined,
  waits: number[],
  create: (node: string) => Write,
): Write[] {
  if (!pods) return run ? [create(node)] : []
  const living = pods.filter((pod) => !isTerminating(pod))
  if (!stay) return living.map((pod) => deletePod(view.set, pod))
  const ended = living.filter(isFinished)
  const wait = ended.length > 0 ? view.failureWaitMs(node) : 0
  if (wait > 0) waits.push(wait)
  const replaced = wait > 0 ? [] : ended.flatMap((pod) => replaceEnded(view.set, pod, node))
  const running = living.filter((pod) => !isFinished(pod))
  return [...replaced, ...surplus(running).map((pod) => deletePod(view.set, pod))]
}

/** The oldest pod of each revision stays: during an update with a surge there are two. */
function surplus(pods: readonly KubeObject[]): KubeObject[] {
  const seen = new Set<string | undefined>()
  return pods
    .toSorted((a, b) => createdAt(a) - createdAt(b))
    .filter((pod) => {
      const again = seen.has(hashOf(pod))
      seen.add(hashOf(pod))
      return again
    })
}

function replaceEnded(set: KubeObject, pod: KubeObject, node: string): Write[] {
  const failed = podPhase(pod) === 'Failed'
  const what = failed ? 'failed' : 'succeeded'
  const remark: Remark = {
    about: set,
    type: failed ? 'Warning' : 'Normal',
    reason: failed ? 'FailedDaemonPod' : 'SucceededDaemonPod',
    message: `Found ${what} daemon pod ${keyOf(pod)} on node ${node}, will try to ${failed ? 'kill' : 'delete'} it`,
  }
  return [{ verb: 'remark', remark }, deletePod(set, pod)]
}

function availabilityWaits(set: KubeObject, pods: readonly KubeObject[], now: Date): number[] {
  const minReady = numberAt(set, ['spec', 'minReadySeconds']) ?? 0
  if (minReady === 0 || textAt(set, ['metadata', 'deletionTimestamp'])) return []
  return pods
    .map((pod) => (availableAt(pod, minReady) ?? 0) - now.getTime())
    .filter((wait) => wait > 0)
}

function soonest(waits: readonly number[]): number | undefined {
  return waits.length > 0 ? Math.min(...waits) : undefined
}
