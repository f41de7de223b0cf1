import type { KubeObject } from '../../api/object.ts'
import { claimsOfPod } from '../../api/volumes/claims-of-pod.ts'
import type { Informer } from '../../client/informer.ts'

/** Of the pods' informer: which pods use a claim, by its `namespace/name`. */
export const claimIndex = 'claim'

const indexed = new WeakSet<Informer>()

/** Several controllers ask; the index is made once. */
export function indexByClaim(pods: Informer): void {
  if (indexed.has(pods)) return
  indexed.add(pods)
  pods.addIndex(claimIndex, claimKeys)
}

/** The claims of a pod as `namespace/name`. */
export function claimKeys(pod: KubeObject): string[] {
  return claimsOfPod(pod).map(({ claimName }) => `${pod.metadata.namespace}/${claimName}`)
}
