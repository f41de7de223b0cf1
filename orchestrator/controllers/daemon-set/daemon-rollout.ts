import { textAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { resolveAmount } from '../objects/amount.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { hashOf } from '../revisions/revision.ts'

export interface Rollout {
  /** Pods of older revisions that are to go now. */
  readonly remove: KubeObject[]
  /** Nodes on which a new pod is to start beside the old one. */
  readonly surge: string[]
}

interface NodePods {
  readonly node: string
  readonly old: KubeObject | undefined
  readonly fresh: KubeObject | undefined
}

/**
 * The next step of a rolling update.
 * @param byNode the pods of the nodes where the set runs, an empty list where it has none yet
 */
export function nextRolloutStep(
  set: KubeObject,
  byNode: ReadonlyMap<string, readonly KubeObject[]>,
  hash: string,
  isAvailable: (pod: KubeObject) => boolean,
): Rollout {
  if (textAt(set, ['spec', 'updateStrategy', 'type']) === 'OnDelete')
    return { remove: [], surge: [] }
  const amount = (field: string): unknown =>
    valueAt(set, ['spec', 'updateStrategy', 'rollingUpdate', field])
  const mostSurge = resolveAmount(amount('maxSurge'), byNode.size, 'up', 0)
  const mostUnavailable = resolveAmount(amount('maxUnavailable'), byNode.size, 'up', 1)
  const nodes = [...byNode].map(([node, pods]) => ({ node, ...splitPods(pods, hash) }))
  return mostSurge > 0
    ? surgeStep(nodes, mostSurge, isAvailable)
    : replaceStep(nodes, Math.max(1, mostUnavailable), isAvailable)
}

function splitPods(pods: readonly KubeObject[], hash: string): Omit<NodePods, 'node'> {
  const living = pods.filter((pod) => !isTerminating(pod))
  return {
    old: living.find((pod) => hashOf(pod) !== hash),
    fresh: living.find((pod) => hashOf(pod) === hash),
  }
}

/** Old pods that serve nobody go at once, others as far as the number of unavailable ones allows. */
function replaceStep(
  nodes: readonly NodePods[],
  most: number,
  isAvailable: (pod: KubeObject) => boolean,
): Rollout {
  const outdated = nodes.flatMap(({ old, fresh }) => (old && !fresh ? [old] : []))
  const idle = outdated.filter((pod) => !isAvailable(pod))
  const serving = outdated.filter(isAvailable)
  const missing = nodes.filter(({ old, fresh }) =>
    old ? fresh : !fresh || !isAvailable(fresh),
  ).length
  const allowed = Math.max(0, most - missing - idle.length)
  // Left by an update that did start new pods beside the old ones.
  const doubled = nodes.flatMap(({ old, fresh }) => (old && fresh ? [old] : []))
  return { remove: [...doubled, ...idle, ...serving.slice(0, allowed)], surge: [] }
}

/** New pods start beside the old ones, which go when the new ones are available. */
function surgeStep(
  nodes: readonly NodePods[],
  most: number,
  isAvailable: (pod: KubeObject) => boolean,
): Rollout {
  const both = nodes.filter(({ old, fresh }) => old && fresh)
  const remove = both.flatMap(({ old, fresh }) => (fresh && isAvailable(fresh) && old ? [old] : []))
  const waiting = nodes.filter(({ old, fresh }) => old && !fresh)
  const idle = waiting.filter(({ old }) => old && !isAvailable(old))
  const serving = waiting.filter(({ old }) => old && isAvailable(old))
  const allowed = Math.max(0, most - (both.length - remove.length))
  return { remove, surge: [...idle, ...serving.slice(0, allowed)].map(({ node }) => node) }
}
