import type { JsonObject, KubeObject } from '../api/object.ts'
import type { ClusterChange } from './cluster-change.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

// The scheduler is a list of plugins; each takes part in some of the points below and is a pure function of what it
// is given. https://kubernetes.io/docs/concepts/scheduling-eviction/scheduling-framework/

export const maxScore = 100

/** Why a pod may not go to a node, in the words that users know. */
export interface Rejection {
  readonly reasons: readonly string[]
  /** True: no pod that leaves the node could help, so preemption need not be tried. */
  readonly isFinal: boolean
  /** The smallest changes that would lift it. Is called only for what is to be shown. */
  readonly remedies?: (() => readonly Remedy[]) | undefined
}

/** A change that somebody could make, as told to people. */
export interface Remedy {
  readonly text: string
  /** How great a change it is: 1, or less where it is a matter of amounts. */
  readonly size: number
}

export function reject(reason: string, remedy?: () => string): Rejection {
  return {
    reasons: [reason],
    isFinal: false,
    remedies: remedy && (() => [{ text: remedy(), size: 1 }]),
  }
}

/** Like `reject`, of what does not change when pods leave. */
export function rejectFinally(reason: string, remedy?: () => string): Rejection {
  return { ...reject(reason, remedy), isFinal: true }
}

/** @returns undefined when the pod may go there */
export type NodeFilter = (node: NodeInfo) => Rejection | undefined

export interface PreparedFilter {
  /** Only these nodes need be looked at; absent: all. */
  readonly only?: ReadonlySet<string> | undefined
  readonly filter: NodeFilter
}

export interface PreparedScore {
  score(node: NodeInfo): number
  /** Turn what `score` gave into 0 to 100. Absent: it is so already. */
  normalize?(scores: number[], nodes: readonly NodeInfo[]): void
}

/** What a plugin says to a change in the cluster: may the pod fit now? */
export interface RequeueHint {
  readonly on: ClusterChange['type']
  /** Absent: always. */
  readonly helps?: (pod: PodInfo, change: ClusterChange) => boolean
}

export interface QueuedPod {
  readonly pod: PodInfo
  /** When it came into the queue; milliseconds. */
  readonly since: number
}

/** What preemption would do. */
export interface Preemption {
  readonly node: string
  readonly victims: readonly PodInfo[]
}

export type PostFilterResult =
  | { readonly preemption: Preemption }
  /** `clears`: the pod's nominated node is of no use any more. */
  | { readonly message: string; readonly clears: boolean }

export interface Plugin {
  readonly name: string
  /** Whether the pod may be tried at all. */
  readonly preEnqueue?: (pod: PodInfo) => Rejection | undefined
  /** Negative: `a` is tried first. */
  readonly queueSort?: (a: QueuedPod, b: QueuedPod) => number
  /**
   * PreFilter and Filter: what can be said of the cluster as a whole, once, then a function for each node.
   * @returns undefined when the plugin has nothing to say about this pod, a Rejection when no node will do
   */
  readonly prepareFilter?: (
    pod: PodInfo,
    snapshot: Snapshot,
  ) => PreparedFilter | Rejection | undefined
  /** PostFilter: what could be done when no node will do. */
  readonly postFilter?: (search: FailedSearch) => PostFilterResult | undefined
  /** PreScore and Score, over the nodes that will do. @returns undefined when all nodes are the same to it */
  readonly prepareScore?: (
    pod: PodInfo,
    snapshot: Snapshot,
    nodes: readonly NodeInfo[],
  ) => PreparedScore | undefined
  /** Keep something for the pod on the node that was chosen. @returns undefined when there is nothing to keep */
  readonly reserve?: (pod: PodInfo, node: NodeInfo, snapshot: Snapshot) => Reservation | undefined
  /** Write the choice. @returns false to leave it to the next plugin */
  readonly bind?: (pod: PodInfo, node: string, write: WriteBinding) => Promise<boolean>
  /** Which changes may make a pod fit that this plugin kept from its node. */
  readonly hints?: readonly RequeueHint[]
}

/** Something that is kept for a pod on its way to a node. */
export interface Reservation {
  /** Give it back: the pod is bound, so that the API says the same, or it will not be. */
  readonly undo: () => void
  /** PreBind: what has to be so before the pod is bound. What fails here keeps it from its node. */
  readonly beforeBinding?: (write: VolumeWriter) => Promise<void>
}

/** Changes of claims and volumes, at the revision that was looked at. */
export interface VolumeWriter {
  volume(volume: KubeObject, change: JsonObject): Promise<void>
  claim(claim: KubeObject, change: JsonObject): Promise<void>
  /** @param claimKeys `namespace/name` */
  untilBound(claimKeys: readonly string[]): Promise<void>
}

export type WriteBinding = (pod: PodInfo, node: string) => Promise<void>

export interface FailedSearch {
  readonly pod: PodInfo
  readonly snapshot: Snapshot
  /** Why each node was rejected, in the order of the snapshot's nodes. */
  readonly rejections: readonly (NodeRejection | undefined)[]
  /** Run all filters anew for a node that has changed. */
  readonly fits: (snapshot: Snapshot, node: NodeInfo) => Rejection | undefined
  readonly random: () => number
}

export interface NodeRejection {
  readonly plugin: string
  readonly rejection: Rejection
}

/** A plugin that is in use, with how much its score counts. */
export interface EnabledPlugin {
  readonly plugin: Plugin
  readonly weight: number
}

/** Scale to 0…100 by the greatest; reversed, the greatest becomes 0. */
export function normalizeByMax(scores: number[], isReversed: boolean): void {
  const max = Math.max(0, ...scores)
  for (const [index, score] of scores.entries()) {
    const share = max === 0 ? 0 : Math.floor((maxScore * score) / max)
    scores[index] = isReversed ? maxScore - share : share
  }
}
