import { isObject, textAt, valueAt } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { parseQuantity } from '../quantity.ts'
import { betaStorageClass, bindCompleted } from './names.ts'

// Which volume will do for a claim.
// https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding

/** The class of a claim or a volume; empty: none. */
export function classOf(object: KubeObject): string {
  const old = object.metadata.annotations?.[betaStorageClass]
  return old ?? textAt(object, ['spec', 'storageClassName']) ?? ''
}

/** Both sides agree and both are told so. */
export function isFullyBound(claim: KubeObject): boolean {
  const isNamed = (textAt(claim, ['spec', 'volumeName']) ?? '') !== ''
  return isNamed && claim.metadata.annotations?.[bindCompleted] !== undefined
}

/** Whether a volume is reserved for a claim, by its uid or, where it has none yet, by its name. */
export function isReservedFor(volume: KubeObject, claim: KubeObject): boolean {
  const reference = volume.spec?.['claimRef']
  if (!isObject(reference)) return false
  const { name, namespace, uid } = claim.metadata
  if (reference['name'] !== name || reference['namespace'] !== namespace) return false
  return !reference['uid'] || reference['uid'] === uid
}

/** @returns why a volume will not do for a claim that asks for just it, in upstream's words; undefined where it will */
export function mismatch(claim: KubeObject, volume: KubeObject): string | undefined {
  if (sizeOf(volume) < requestOf(claim)) return 'requested PV is too small'
  if (classOf(claim) !== classOf(volume)) return 'storageClassName does not match'
  if (modeOf(claim) !== modeOf(volume)) return 'incompatible volumeMode'
  if (!hasModes(volume, claim)) return 'incompatible accessMode'
  return undefined
}

export interface VolumeChoice {
  /** Labels that the claim asks for. */
  readonly selects: (labels: Readonly<Record<string, string>> | undefined) => boolean
  /** Volumes that may not be taken, though they look free. */
  readonly isTaken?: (volume: KubeObject) => boolean
  /** Only those that can be reached where the pod will be. Absent: all. */
  readonly isReachable?: (volume: KubeObject) => boolean
  /** Only those that somebody reserved for the claim: the rest waits for a pod. */
  readonly onlyReserved?: boolean
}

/** The volume that is reserved for the claim, or else the smallest free one that will do. */
export function findVolume(
  claim: KubeObject,
  volumes: readonly KubeObject[],
  { selects, isTaken, isReachable, onlyReserved = false }: VolumeChoice,
): KubeObject | undefined {
  let best: KubeObject | undefined
  for (const volume of volumes) {
    const isReserved = isReservedFor(volume, claim)
    if (volume.metadata.deletionTimestamp !== undefined && !isReserved) continue
    if (isTaken?.(volume) || mismatch(claim, volume) !== undefined) continue
    if (isReachable && !isReachable(volume)) continue
    if (isReserved) return volume
    if (onlyReserved || isObject(volume.spec?.['claimRef'])) continue
    if (textAt(volume, ['status', 'phase']) !== 'Available') continue
    if (!selects(volume.metadata.labels)) continue
    if (!best || sizeOf(volume) < sizeOf(best)) best = volume
  }
  return best
}

function requestOf(claim: KubeObject): number {
  return parseQuantity(valueAt(claim, ['spec', 'resources', 'requests', 'storage'])) ?? 0
}

function sizeOf(volume: KubeObject): number {
  return parseQuantity(valueAt(volume, ['spec', 'capacity', 'storage'])) ?? 0
}

function modeOf(object: KubeObject): string {
  return textAt(object, ['spec', 'volumeMode']) ?? 'Filesystem'
}

function hasModes(volume: KubeObject, claim: KubeObject): boolean {
  const offered = valueAt(volume, ['spec', 'accessModes'])
  const wanted = valueAt(claim, ['spec', 'accessModes'])
  return (
    Array.isArray(offered) &&
    (!Array.isArray(wanted) || wanted.every((mode) => offered.includes(mode)))
  )
}
