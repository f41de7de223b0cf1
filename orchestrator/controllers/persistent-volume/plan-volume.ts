import { isObject, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { boundByController, localPathProvisioner, provisionedBy } from '../../api/volumes/names.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import type { Plan, Write } from '../writes/write.ts'
import { phaseWrites } from './bind.ts'

export interface VolumeView {
  readonly volume: KubeObject
  /** By namespace and name. */
  readonly claim: (namespace: string, name: string) => KubeObject | undefined
  readonly now: Date
}

/** The phase of a volume, and what becomes of it when its claim has gone. */
export function planVolume(view: VolumeView): Plan {
  const { volume, now } = view
  const reference = volume.spec?.['claimRef']
  if (!isObject(reference) || !reference['uid'])
    return { writes: phaseWrites(volume, { phase: 'Available' }, now) }
  const namespace = textAt(reference, ['namespace']) ?? ''
  const found = view.claim(namespace, textAt(reference, ['name']) ?? '')
  const claim = found?.metadata.uid === reference['uid'] ? found : undefined
  if (!claim) return { writes: release(view) }
  const chosen = textAt(claim, ['spec', 'volumeName']) ?? ''
  // The claim is about to say that it takes the volume.
  if (chosen === '') return { writes: [] }
  if (chosen === volume.metadata.name)
    return { writes: phaseWrites(volume, { phase: 'Bound' }, now) }
  return { writes: giveUp(view) }
}

/** The claim took another one. What was made for it goes; what was chosen for it is free again. */
function giveUp(view: VolumeView): Write[] {
  const { volume } = view
  const { annotations = {} } = volume.metadata
  const policy = textAt(volume, ['spec', 'persistentVolumeReclaimPolicy'])
  if (annotations[provisionedBy] !== undefined && policy === 'Delete') return release(view)
  if (annotations[boundByController] === undefined) return []
  const { [boundByController]: _, ...left } = annotations
  const { claimRef: _claim, ...spec } = volume.spec ?? {}
  return [
    {
      verb: 'update',
      object: { ...volume, metadata: { ...volume.metadata, annotations: left }, spec },
    },
  ]
}

/**
 * The first look says that the claim is gone, only the one after that acts on it: if the claim was merely not known yet,
 * it is by then, and nobody's data goes.
 */
function release({ volume, now }: VolumeView): Write[] {
  const phase = textAt(volume, ['status', 'phase'])
  if (phase !== 'Released' && phase !== 'Failed')
    return phaseWrites(volume, { phase: 'Released' }, now)
  switch (textAt(volume, ['spec', 'persistentVolumeReclaimPolicy'])) {
    case 'Delete':
      return deleteVolume(volume, now)
    case 'Recycle':
      return fail(volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!', now)
    default:
      return []
  }
}

function deleteVolume(volume: KubeObject, now: Date): Write[] {
  const maker = volume.metadata.annotations?.[provisionedBy]
  if (maker === localPathProvisioner)
    return isTerminating(volume) ? [] : [{ verb: 'delete', object: volume }]
  // Who made it takes it away.
  if (maker !== undefined) return []
  const { name } = volume.metadata
  const message = `error getting deleter volume plugin for volume "${name}": no deletable volume plugin matched`
  return fail(volume, 'VolumeFailedDelete', message, now)
}

function fail(volume: KubeObject, reason: string, message: string, now: Date): Write[] {
  const writes = phaseWrites(volume, { phase: 'Failed', message }, now)
  if (writes.length === 0) return []
  const remark = { about: volume, type: 'Warning' as const, reason, message }
  return [...writes, { verb: 'remark', remark }]
}
