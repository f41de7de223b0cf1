import { mkdirSync, readlinkSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isSystemError } from '../../../native/system-error.ts'
import type { KubeObject } from '../../api/object.ts'
import { isObject, numberAt, textAt, valueAt } from '../../api/object.ts'
import type { ClaimOfPod } from '../../api/volumes/claims-of-pod.ts'
import { isMadeFor } from '../../api/volumes/claims-of-pod.ts'
import { localPathProvisioner, provisionedBy } from '../../api/volumes/names.ts'
import { podError } from '../environment/pod-error.ts'
import { prepareHostPath } from './host-path.ts'
import { ownByGroup } from './own-by-group.ts'
import type { PodVolumesWish } from './pod-volumes.ts'

/**
 * Where the volume of a claim is on this node. What was found out is a symlink in the pod's folder, so that containers
 * start again while nobody can ask the API, and nothing of the volume is mounted, or can be deleted, below that folder.
 *
 * @throws {OperationError} with upstream's message
 */
export async function mountClaim(wish: PodVolumesWish, claim: ClaimOfPod): Promise<string> {
  const link = join(wish.folder, 'volumes', 'kubernetes.io~local-volume', claim.volume)
  const known = readLink(link)
  if (known !== undefined) return known
  const path = await makeReady(wish, claim)
  mkdirSync(dirname(link), { recursive: true, mode: 0o750 })
  symlinkSync(path, link)
  return path
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

async function makeReady(wish: PodVolumesWish, claim: ClaimOfPod): Promise<string> {
  const { pod, storage } = wish
  const volume = await findVolume(wish, claim)
  const name = volume.metadata.name ?? ''
  if (!storage.isHere(volume))
    throw podError(
      'BAD_STATE',
      `MountVolume.NodeAffinity check failed for volume "${name}" : no matching NodeSelectorTerms`,
    )
  const { spec = {} } = volume
  try {
    if (isObject(spec['hostPath'])) {
      const path = textAt(spec, ['hostPath', 'path']) ?? ''
      prepareHostPath(path, textAt(spec, ['hostPath', 'type']) ?? '')
      return path
    }
    if (isObject(spec['local'])) {
      const path = await localFolder(wish, volume)
      const group = numberAt(pod, ['spec', 'securityContext', 'fsGroup'])
      const policy = textAt(pod, ['spec', 'securityContext', 'fsGroupChangePolicy'])
      if (group !== undefined && !claim.readOnly)
        await ownByGroup(path, group, { onlyOnMismatch: policy === 'OnRootMismatch' })
      return path
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw podError('BAD_STATE', `MountVolume.SetUp failed for volume "${name}" : ${why}`, error)
  }
  throw unready(claim, 'no volume plugin matched')
}

async function localFolder({ storage }: PodVolumesWish, volume: KubeObject): Promise<string> {
  if (volume.metadata.annotations?.[provisionedBy] === localPathProvisioner)
    return storage.makeFolder(volume)
  const path = textAt(volume, ['spec', 'local', 'path']) ?? ''
  if (!statSync(path, { throwIfNoEntry: false }))
    throw podError('NOT_FOUND', `path "${path}" does not exist`)
  return path
}

async function findVolume(
  { pod, sources }: PodVolumesWish,
  claim: ClaimOfPod,
): Promise<KubeObject> {
  const { namespace = '' } = pod.metadata
  const of = `error processing PVC ${namespace}/${claim.claimName}`
  const found = await sources.claim(namespace, claim.claimName)
  if (!found)
    throw unready(
      claim,
      `${of}: failed to fetch PVC from API server: persistentvolumeclaims "${claim.claimName}" not found`,
    )
  if (claim.template && !isMadeFor(found, pod))
    throw unready(
      claim,
      `PVC ${namespace}/${claim.claimName} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`,
    )
  if (found.metadata.deletionTimestamp !== undefined)
    throw unready(claim, `${of}: PVC is being deleted`)
  if (textAt(found, ['status', 'phase']) !== 'Bound')
    throw unready(claim, `${of}: PVC is not bound`)
  const name = textAt(found, ['spec', 'volumeName']) ?? ''
  if (name === '') throw unready(claim, `${of}: PVC has empty pvc.Spec.VolumeName`)
  const volume = await sources.volume(name)
  if (!volume)
    throw unready(
      claim,
      `failed to fetch PV ${name} from API server: persistentvolumes "${name}" not found`,
    )
  const uid = textAt(volume, ['spec', 'claimRef', 'uid']) ?? ''
  if (uid !== found.metadata.uid)
    throw unready(
      claim,
      `found PV object ${name} with unexpected pvc.Spec.ClaimRef.UID ("${uid}"), expected "${found.metadata.uid}"`,
    )
  if (valueAt(volume, ['spec', 'volumeMode']) === 'Block')
    throw unready(
      claim,
      `volume ${claim.volume} has volumeMode Block, but is specified in volumeMounts`,
    )
  return volume
}

function unready({ volume }: ClaimOfPod, why: string): Error {
  const list = `[${volume}]`
  return podError(
    'BAD_STATE',
    `Unable to attach or mount volumes: unmounted volumes=${list}, unattached volumes=[], failed to process volumes=${list}: ${why}`,
  )
}
