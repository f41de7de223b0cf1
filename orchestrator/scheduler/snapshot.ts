import { noVolumes } from './cluster-volumes.ts'
import type { ClusterVolumes } from './cluster-volumes.ts'
import type { LabelMatch, Labels } from './label-match.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'

/** A PodDisruptionBudget, as preemption needs it. */
export interface DisruptionBudget {
  readonly namespace: string
  readonly selector: LabelMatch | undefined
  readonly allowed: number
  /** Pods whose disruption is counted already. */
  readonly disrupted: ReadonlySet<string>
}

/** What a decision is made from: the cluster at one moment. Never changed. */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[]
  readonly byName: ReadonlyMap<string, number>
  /** On how many nodes an image is. */
  readonly imageNodes: ReadonlyMap<string, number>
  readonly namespaceLabels: ReadonlyMap<string, Labels>
  readonly budgets: readonly DisruptionBudget[]
  /** Pods that wait for victims to leave a node. */
  readonly nominated: ReadonlyMap<string, readonly PodInfo[]>
  /** Not of that moment: claims and volumes as they are when they are asked for. */
  readonly volumes: ClusterVolumes
  /** The pods that the services and the owner of a pod select; absent where there are none. */
  siblingsOf(pod: PodInfo): LabelMatch | undefined
}

export interface SnapshotParts {
  readonly imageNodes?: Snapshot['imageNodes']
  readonly namespaceLabels?: Snapshot['namespaceLabels']
  readonly budgets?: Snapshot['budgets']
  readonly nominated?: Snapshot['nominated']
  readonly siblingsOf?: Snapshot['siblingsOf']
  readonly volumes?: ClusterVolumes
}

export function makeSnapshot(nodes: readonly NodeInfo[], parts: SnapshotParts = {}): Snapshot {
  return {
    nodes,
    byName: new Map(nodes.map(({ name }, index) => [name, index])),
    imageNodes: parts.imageNodes ?? countImageNodes(nodes),
    namespaceLabels: parts.namespaceLabels ?? new Map(),
    budgets: parts.budgets ?? [],
    nominated: parts.nominated ?? new Map(),
    siblingsOf: parts.siblingsOf ?? (() => undefined),
    volumes: parts.volumes ?? noVolumes,
  }
}

export function countImageNodes(nodes: Iterable<NodeInfo>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { images } of nodes)
    for (const image of images.keys()) counts.set(image, (counts.get(image) ?? 0) + 1)
  return counts
}

export function findNode({ nodes, byName }: Snapshot, name: string): NodeInfo | undefined {
  const index = byName.get(name)
  return index === undefined ? undefined : nodes[index]
}

/** The cluster with another version of one of its nodes. */
export function replaceNode(snapshot: Snapshot, node: NodeInfo): Snapshot {
  const index = snapshot.byName.get(node.name)
  if (index === undefined) return snapshot
  return { ...snapshot, nodes: snapshot.nodes.with(index, node) }
}
