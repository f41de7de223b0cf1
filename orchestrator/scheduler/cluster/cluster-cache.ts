import { sameJson } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { nodeChanges, podChanges } from '../cluster-change.ts'
import type { ClusterChange } from '../cluster-change.ts'
import { makeNodeInfo, readNodeFacts, withoutPod, withPod } from '../node-info.ts'
import type { NodeInfo } from '../node-info.ts'
import { hasEnded, readPodInfo } from '../pod-info.ts'
import type { PodInfo } from '../pod-info.ts'
import { countImageNodes, makeSnapshot } from '../snapshot.ts'
import type { Snapshot } from '../snapshot.ts'
import type { Surroundings } from './surroundings.ts'
import { makeNominations } from './nominations.ts'
import type { Nominations } from './nominations.ts'
import { orderByZone } from './order-by-zone.ts'

/** Nodes and what is on them, kept up to date change by change; with pods that are about to be bound. */
export interface ClusterCache {
  readonly nominations: Nominations
  /** A node is there, or is as it is now. */
  setNode(object: KubeObject): ClusterChange[]
  removeNode(name: string): ClusterChange[]
  /** A pod has a node, or had one. */
  setPod(object: KubeObject): ClusterChange[]
  removePod(uid: string): ClusterChange[]
  /** Count a pod as being on a node before the API says so. */
  assume(pod: PodInfo, node: string): void
  /** What was assumed did not come true. */
  forget(uid: string): ClusterChange[]
  /** A pod is told to end and the API's word of it is still to come; or it could not be told. */
  markTerminating(uid: string, isTold: boolean): void
  /** Whether a pod is on a node, or is assumed to be. */
  has(uid: string): boolean
  snapshot(): Snapshot
  /** Counts that hung on namespaces or services hold no more. */
  recount(): void
}

export function makeClusterCache(surroundings: Surroundings): ClusterCache {
  const nodes = new Map<string, NodeInfo>()
  const pods = new Map<string, PodInfo>()
  const assumed = new Set<string>()
  const told = new Set<string>()
  const nominations = makeNominations()
  let latest: Snapshot | undefined
  let imageNodes: Snapshot['imageNodes'] | undefined

  const replace = (node: NodeInfo | undefined) => {
    if (!node) return
    nodes.set(node.name, node)
    // One node of a thousand: the rest of what was worked out still holds.
    const index = latest?.byName.get(node.name)
    if (latest && index !== undefined) pending.set(index, node)
  }
  const pending = new Map<number, NodeInfo>()
  const place = (pod: PodInfo) => {
    pods.set(pod.uid, pod)
    const node = nodes.get(pod.nodeName)
    replace(node && withPod(node, pod))
  }
  const displace = (uid: string): PodInfo | undefined => {
    const pod = pods.get(uid)
    if (!pod) return undefined
    pods.delete(uid)
    assumed.delete(uid)
    const node = nodes.get(pod.nodeName)
    replace(node && withoutPod(node, pod))
    return pod
  }
  const removePod = (uid: string): ClusterChange[] => {
    const pod = displace(uid)
    told.delete(uid)
    return pod ? [{ type: 'pod-gone', pod, left: nodes.get(pod.nodeName) }] : []
  }
  const structureChanged = () => {
    latest = undefined
    pending.clear()
  }
  return {
    nominations,
    setNode: (object) => {
      const facts = readNodeFacts(object)
      const before = nodes.get(facts.name)
      if (!before || !sameImages(before, facts)) imageNodes = undefined
      const own = before?.pods ?? [...pods.values()].filter((pod) => pod.nodeName === facts.name)
      const node = before ? { ...before, ...facts, known: new Map() } : makeNodeInfo(facts, own)
      if (before && imageNodes) replace(node)
      else {
        nodes.set(facts.name, node)
        structureChanged()
      }
      return before ? nodeChanges(before, facts) : [{ type: 'node-added', node }]
    },
    removeNode: (name) => {
      const node = nodes.get(name)
      if (!node) return []
      nodes.delete(name)
      imageNodes = undefined
      structureChanged()
      return [{ type: 'node-removed', node }]
    },
    setPod: (object) => {
      const uid = object.metadata.uid ?? ''
      if (hasEnded(object)) return removePod(uid)
      const read = readPodInfo(object)
      const pod = told.has(uid) ? { ...read, isTerminating: true } : read
      const before = pods.get(uid)
      assumed.delete(uid)
      if (before && isSame(before, pod)) {
        // The text of the object may differ; nothing that counts does.
        return []
      }
      displace(uid)
      place(pod)
      return before ? podChanges(before, pod) : [{ type: 'pod-assigned', pod }]
    },
    removePod,
    assume: (pod, node) => {
      assumed.add(pod.uid)
      place({ ...pod, nodeName: node })
    },
    forget: (uid) => (assumed.has(uid) ? removePod(uid) : []),
    markTerminating: (uid, isTold) => {
      if (isTold) told.add(uid)
      else told.delete(uid)
      const pod = displace(uid)
      if (pod) place({ ...pod, isTerminating: isTold })
    },
    has: (uid) => pods.has(uid),
    snapshot: () => {
      imageNodes ??= countImageNodes(nodes.values())
      const parts = { ...surroundings.parts(), imageNodes, nominated: nominations.byNode() }
      const list = latest ? patched(latest.nodes, pending) : orderByZone(nodes.values())
      // The same nodes in the same order keep their index.
      latest = latest ? { ...latest, ...parts, nodes: list } : makeSnapshot(list, parts)
      pending.clear()
      return latest
    },
    recount: () => {
      for (const node of nodes.values()) node.known.clear()
    },
  }
}

function patched(
  list: readonly NodeInfo[],
  changes: ReadonlyMap<number, NodeInfo>,
): readonly NodeInfo[] {
  if (changes.size === 0) return list
  const copy = [...list]
  for (const [index, node] of changes) copy[index] = node
  return copy
}

function sameImages(before: NodeInfo, { images }: Pick<NodeInfo, 'images'>): boolean {
  if (before.images.size !== images.size) return false
  for (const [name, size] of images) if (before.images.get(name) !== size) return false
  return true
}

function isSame(a: PodInfo, b: PodInfo): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.isTerminating === b.isTerminating &&
    a.since === b.since &&
    a.priority === b.priority &&
    sameJson(a.labels, b.labels) &&
    sameJson(a.requests, b.requests)
  )
}
