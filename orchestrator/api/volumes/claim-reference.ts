import type { JsonObject, KubeObject } from '../object.ts'

/** `spec.claimRef` of the volume that a claim has, or is to have. */
export function claimReference({ metadata }: KubeObject): JsonObject {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = metadata
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    name,
    namespace,
    resourceVersion,
    uid,
  }
}
