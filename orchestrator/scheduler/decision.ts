/** What the scheduler found out about a pod in one attempt, as it is served to people. */
export interface Decision {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly scheduler: string
  /** Which attempt it was, from 1. */
  readonly attempt: number
  /** RFC 3339. */
  readonly at: string
  readonly milliseconds: number
  readonly outcome: 'Scheduled' | 'Unschedulable' | 'SchedulingGated'
  /** The node that was chosen. */
  readonly node?: string | undefined
  /** The text of its event. */
  readonly message: string
  /** Pods that are ended to make room, and where. */
  readonly preemption?: { readonly node: string; readonly victims: readonly string[] } | undefined
  readonly nodesTotal: number
  readonly nodesLookedAt: number
  /** Plugins that could have rejected a node. */
  readonly filters: readonly string[]
  readonly scorers: readonly { readonly plugin: string; readonly weight: number }[]
  /** A row per node that was looked at. */
  readonly nodes: readonly NodeDecision[]
  /** Of a pod without a node: the smallest changes that would give it one, the smallest first. */
  readonly changes: readonly SmallestChange[]
}

export interface NodeDecision {
  readonly node: string
  readonly rejectedBy?: { readonly plugin: string; readonly reasons: readonly string[] }
  /** In the order of `scorers`, 0 to 100 each, not weighted. */
  readonly scores?: readonly number[]
  readonly total?: number
}

/** All of `changes` together would let the pod run on the node. */
export interface SmallestChange {
  readonly node: string
  readonly changes: readonly string[]
}

/** A decision before its rows are asked for: most never are. */
export interface KeptDecision extends Omit<Decision, 'nodes'> {
  readonly rowCount: number
  readonly rows: () => NodeDecision[]
}

export interface DecisionLog {
  add(decision: KeptDecision): void
  /** The latest of a pod. */
  find(namespace: string, name: string): Decision | undefined
}
