import type { PodInfo } from '../pod-info.ts'

/** Which pods wait for victims to leave which nodes. */
export interface Nominations {
  set(pod: PodInfo, node: string): void
  remove(uid: string): void
  byNode(): ReadonlyMap<string, readonly PodInfo[]>
}

const none: ReadonlyMap<string, readonly PodInfo[]> = new Map()

export function makeNominations(): Nominations {
  const byUid = new Map<string, { readonly pod: PodInfo; readonly node: string }>()
  let known: ReadonlyMap<string, readonly PodInfo[]> | undefined
  return {
    set: (pod, node) => {
      byUid.set(pod.uid, { pod, node })
      known = undefined
    },
    remove: (uid) => {
      if (byUid.delete(uid)) known = undefined
    },
    byNode: () => (known ??= byUid.size === 0 ? none : group(byUid.values())),
  }
}

function group(
  entries: Iterable<{ readonly pod: PodInfo; readonly node: string }>,
): ReadonlyMap<string, readonly PodInfo[]> {
  const groups = new Map<string, PodInfo[]>()
  for (const { pod, node } of entries) {
    const group = groups.get(node)
    if (group) group.push(pod)
    else groups.set(node, [pod])
  }
  return groups
}
