import type { KubeObject, OwnerReference } from '../../api/object.ts'

// Who controls what: by uid, never by name, since a name can be taken again.

export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid
}

/** What makes `owner` the controller of an object; deleting the owner in the foreground waits for it. */
export function controllerReference({ apiVersion, kind, metadata }: KubeObject): OwnerReference {
  return {
    apiVersion,
    kind,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** `namespace/name`, as work queues name objects; only the name for kinds of the cluster. */
export function keyOf({ metadata }: KubeObject): string {
  const { namespace, name = '' } = metadata
  return namespace === undefined ? name : `${namespace}/${name}`
}

export function splitKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/')
  return slash === -1
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
