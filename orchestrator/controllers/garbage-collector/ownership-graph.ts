import type { KubeObject, OwnerReference } from '../../api/object.ts'

/** Who owns whom, by uid. Owners need not be known for their dependents to be. */
export interface OwnershipGraph {
  /** An object as it is now. */
  put(object: KubeObject): void
  remove(object: KubeObject): void
  get(uid: string): KubeObject | undefined
  dependentsOf(uid: string): KubeObject[]
}

export function makeOwnershipGraph(): OwnershipGraph {
  const objects = new Map<string, KubeObject>()
  const dependents = new Map<string, Set<string>>()

  function unlink(object: KubeObject | undefined, uid: string): void {
    for (const owner of ownersOf(object)) {
      const set = dependents.get(owner.uid)
      set?.delete(uid)
      if (set?.size === 0) dependents.delete(owner.uid)
    }
  }

  return {
    put: (object) => {
      const { uid = '' } = object.metadata
      unlink(objects.get(uid), uid)
      objects.set(uid, object)
      for (const owner of ownersOf(object)) {
        const set = dependents.get(owner.uid) ?? new Set()
        dependents.set(owner.uid, set.add(uid))
      }
    },
    remove: ({ metadata: { uid = '' } }) => {
      unlink(objects.get(uid), uid)
      objects.delete(uid)
    },
    get: (uid) => objects.get(uid),
    dependentsOf: (uid) =>
      [...(dependents.get(uid) ?? [])].flatMap((one) => objects.get(one) ?? []),
  }
}

export function ownersOf(object: KubeObject | undefined): readonly OwnerReference[] {
  return object?.metadata.ownerReferences ?? []
}
