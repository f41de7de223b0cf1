import { isObject, listAt, textAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'

/** A volume of a pod that is a claim. */
export interface ClaimOfPod {
  /** Of the volume, as the pod calls it. */
  readonly volume: string
  readonly claimName: string
  readonly readOnly: boolean
  /** What to make the claim of; it is the pod's own and goes with it. */
  readonly template?: JsonObject
}

/** The claims that a pod names, and those that are made for it: they are called `POD-VOLUME`. */
export function claimsOfPod(pod: KubeObject): ClaimOfPod[] {
  return listAt(pod, ['spec', 'volumes']).flatMap((volume) => {
    const found = claimOfVolume(pod, volume)
    return found ? [found] : []
  })
}

export function claimOfVolume(pod: KubeObject, volume: JsonObject): ClaimOfPod | undefined {
  const name = textAt(volume, ['name']) ?? ''
  const { persistentVolumeClaim: named, ephemeral } = volume
  if (isObject(named)) {
    const claimName = textAt(named, ['claimName']) ?? ''
    return { volume: name, claimName, readOnly: named['readOnly'] === true }
  }
  const template = isObject(ephemeral) ? ephemeral['volumeClaimTemplate'] : undefined
  if (!isObject(template)) return undefined
  const claimName = `${pod.metadata.name}-${name}`
  return { volume: name, claimName, readOnly: false, template }
}

/** Whether a claim was made for this very pod. */
export function isMadeFor(claim: KubeObject, pod: KubeObject): boolean {
  const { ownerReferences = [] } = claim.metadata
  return ownerReferences.some(({ uid, controller }) => controller && uid === pod.metadata.uid)
}
