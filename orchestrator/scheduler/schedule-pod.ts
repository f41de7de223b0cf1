import { describeFailure } from './fit-error.ts'
import type {
  EnabledPlugin,
  NodeRejection,
  PostFilterResult,
  Preemption,
  Rejection,
} from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { checkWithNominated, fitsChanged, prepareFilters } from './run-filters.ts'
import type { FilterRun } from './run-filters.ts'
import { pickBest, runScores } from './run-scores.ts'
import type { ScoreRun } from './run-scores.ts'
import { sampleSize } from './sample-size.ts'
import { findNode } from './snapshot.ts'
import type { Snapshot } from './snapshot.ts'

export interface ScheduleOptions {
  readonly plugins: readonly EnabledPlugin[]
  /** Share of the nodes, in percent, of which the best is taken. Zero: by the size of the cluster. */
  readonly percentageOfNodesToScore: number
  /** Between 0 and 1; decides among equals. */
  readonly random: () => number
}

/** All that was found out about a pod in one attempt. */
export interface Attempt {
  readonly chosen: NodeInfo | undefined
  /** Nodes that will do, of those that were looked at. */
  readonly feasible: readonly NodeInfo[]
  readonly scores: ScoreRun
  /** By index of the snapshot's nodes; absent: it will do, or was not looked at. */
  readonly rejections: readonly (NodeRejection | undefined)[]
  readonly lookedAt: number
  readonly filters: FilterRun
  /** What users are told; only of a pod that has no node. */
  readonly message?: string
  readonly preemption?: Preemption | undefined
  /** A nomination that has become useless is to be taken back. */
  readonly clearsNomination?: boolean
}

/**
 * Choose a node for a pod. A pure function but for `random`.
 * @param start where in the list of nodes to begin, so that all nodes have their turn when not all are looked at
 */
export function schedulePod(
  pod: PodInfo,
  snapshot: Snapshot,
  start: number,
  options: ScheduleOptions,
): Attempt {
  const filters = prepareFilters(pod, snapshot, options.plugins)
  const found = filters.refusal
    ? refuseAll(snapshot, filters.refusal)
    : findFeasible(pod, snapshot, start, filters, options)
  if (found.feasible.length === 0) return failedAttempt(pod, snapshot, filters, found, options)
  const scores = runScores(pod, snapshot, found.feasible, options.plugins)
  const chosen = found.feasible[pickBest(scores.totals, options.random)]!
  return { ...found, chosen, scores, filters }
}

type Found = Pick<Attempt, 'feasible' | 'rejections' | 'lookedAt'>

function refuseAll({ nodes }: Snapshot, refusal: NodeRejection): Found {
  return { feasible: [], rejections: nodes.map(() => refusal), lookedAt: nodes.length }
}

function findFeasible(
  pod: PodInfo,
  snapshot: Snapshot,
  start: number,
  filters: FilterRun,
  { plugins, percentageOfNodesToScore }: ScheduleOptions,
): Found {
  const check = checkWithNominated(pod, snapshot, plugins, filters)
  const nominated = findNode(snapshot, pod.nominatedNodeName)
  if (nominated && !check(nominated)) return { feasible: [nominated], rejections: [], lookedAt: 1 }
  const { nodes } = snapshot
  const wanted = sampleSize(nodes.length, percentageOfNodesToScore)
  const feasible: NodeInfo[] = []
  const rejections: (NodeRejection | undefined)[] = nodes.map(() => undefined)
  let lookedAt = 0
  while (lookedAt < nodes.length && feasible.length < wanted) {
    const index = (start + lookedAt) % nodes.length
    const node = nodes[index]!
    const rejected = check(node)
    if (rejected) rejections[index] = rejected
    else feasible.push(node)
    lookedAt++
  }
  return { feasible, rejections, lookedAt }
}

function failedAttempt(
  pod: PodInfo,
  snapshot: Snapshot,
  filters: FilterRun,
  found: Found,
  { plugins, random }: ScheduleOptions,
): Attempt {
  const { rejections } = found
  const search = {
    pod,
    snapshot,
    rejections,
    random,
    fits: (changed: Snapshot, node: NodeInfo): Rejection | undefined =>
      fitsChanged(pod, changed, node, plugins),
  }
  let result: PostFilterResult | undefined
  if (snapshot.nodes.length > 0)
    for (const { plugin } of plugins) result ??= plugin.postFilter?.(search)
  const more = result && 'message' in result ? result : undefined
  return {
    ...found,
    chosen: undefined,
    scores: { byPlugin: [], totals: [] },
    filters,
    message: filters.refusal
      ? refusalMessage(snapshot, filters.refusal, more?.message)
      : describeFailure(
          rejections.flatMap((one) => (one ? [one.rejection] : [])),
          more?.message,
        ),
    preemption: result && 'preemption' in result ? result.preemption : undefined,
    clearsNomination: more?.clears ?? false,
  }
}

/** What a plugin says of the whole cluster is not counted by nodes. */
function refusalMessage(
  { nodes }: Snapshot,
  { rejection }: NodeRejection,
  more: string | undefined,
): string {
  if (nodes.length === 0) return describeFailure([])
  const text = `0/${nodes.length} nodes are available: ${rejection.reasons.join(', ')}.`
  return more === undefined ? text : `${text} ${more}`
}
