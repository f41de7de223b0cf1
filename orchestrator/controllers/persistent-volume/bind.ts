import { isObject, sameJson, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { claimReference } from '../../api/volumes/claim-reference.ts'
import { bindCompleted, boundByController } from '../../api/volumes/names.ts'
import { isReservedFor } from '../../api/volumes/volume-match.ts'
import { secondsText } from '../objects/pod-facts.ts'
import { statusWrite } from '../writes/write.ts'
import type { Write } from '../writes/write.ts'

/**
 * Join a claim and a volume: first the volume says whose it is, so that no other claim takes it, then the claim says
 * where it lies. Interrupted anywhere, the next look goes on.
 */
export function bindWrites(claim: KubeObject, volume: KubeObject, now: Date): Write[] {
  const reserved = withClaim(volume, claim)
  const completed = withVolume(claim, volume)
  const { accessModes, capacity } = volume.spec ?? {}
  return [
    ...(sameJson(reserved, volume) ? [] : [{ verb: 'update' as const, object: reserved }]),
    ...phaseWrites(reserved, { phase: 'Bound' }, now),
    ...(sameJson(completed, claim) ? [] : [{ verb: 'update' as const, object: completed }]),
    ...claimStatusWrites(completed, {
      phase: 'Bound',
      accessModes: accessModes ?? [],
      capacity: capacity ?? {},
    }),
  ]
}

function withClaim(volume: KubeObject, claim: KubeObject): KubeObject {
  const claimRef = claimReference(claim)
  const known = volume.spec?.['claimRef']
  if (isObject(known) && isReservedFor(volume, claim) && known['uid'] === claimRef['uid'])
    return volume
  const marked = isObject(known) ? volume : annotated(volume, { [boundByController]: 'yes' })
  return { ...marked, spec: { ...volume.spec, claimRef } }
}

function withVolume(claim: KubeObject, volume: KubeObject): KubeObject {
  const isChosen = (textAt(claim, ['spec', 'volumeName']) ?? '') === ''
  const marked = annotated(claim, {
    [bindCompleted]: 'yes',
    ...(isChosen ? { [boundByController]: 'yes' } : {}),
  })
  return { ...marked, spec: { ...claim.spec, volumeName: volume.metadata.name ?? '' } }
}

/** The object with more annotations. */
export function annotated(
  object: KubeObject,
  annotations: Readonly<Record<string, string>>,
): KubeObject {
  const metadata = {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, ...annotations },
  }
  return { ...object, metadata }
}

/** The phase of a volume, with when it came to it. */
export function phaseWrites(
  volume: KubeObject,
  status: { readonly phase: string; readonly message?: string },
  now: Date,
): Write[] {
  if (textAt(volume, ['status', 'phase']) === status.phase) return []
  return [statusWrite(volume, { ...status, lastPhaseTransitionTime: secondsText(now) })]
}

export function claimStatusWrites(claim: KubeObject, status: JsonObject): Write[] {
  const known = claim.status ?? {}
  const wanted = { ...known, ...status }
  return sameJson(known, wanted) ? [] : [statusWrite(claim, wanted)]
}
