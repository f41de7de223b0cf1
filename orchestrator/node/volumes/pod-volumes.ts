import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { listAt, numberAt, textAt, valueAt } from '../../api/object.ts'
import { claimOfVolume } from '../../api/volumes/claims-of-pod.ts'
import { podError } from '../environment/pod-error.ts'
import type { PodFacts, PodSources } from '../environment/pod-sources.ts'
import { makeEmptyDir } from './empty-dir.ts'
import { prepareHostPath } from './host-path.ts'
import { mountMemory, mountPointsBelow, unmountBelow } from './mounted.ts'
import { collectPayload, payloadFields } from './payload.ts'
import type { NodeStorage } from './node-storage.ts'
import { writePayload } from './write-payload.ts'

// All state is in the pod's folder and the mount table, so that an agent that starts anew goes on where the last one was.

export interface PodVolumesWish {
  readonly pod: KubeObject
  /** The pod's own, in which `volumes` and `volume-subpaths` are made. */
  readonly folder: string
  readonly facts: PodFacts
  readonly sources: PodSources
  readonly storage: Pick<NodeStorage, 'isHere' | 'makeFolder'>
}

export interface VolumeFailure {
  readonly volume: string
  /** Of the event FailedMount: `MountVolume.SetUp failed for volume "x" : configmap "y" not found`. */
  readonly message: string
}

export interface PodVolumes {
  /** Where each volume that a container mounts is on this node. */
  readonly paths: ReadonlyMap<string, string>
  /** Of volumes that are not there: no container can start. */
  readonly failures: readonly VolumeFailure[]
  /** Of volumes that are there and show what was, since what they are made of is gone or cannot be read. */
  readonly stale: readonly VolumeFailure[]
}

/**
 * Mount what is not mounted yet and bring files to what the API has now. To be called before containers start,
 * when something that the pod refers to changed, and about once a minute, for tokens.
 */
export async function updatePodVolumes(wish: PodVolumesWish): Promise<PodVolumes> {
  const used = usedVolumes(wish.pod)
  const volumes = listAt(wish.pod, ['spec', 'volumes']).filter((volume) => used.has(nameOf(volume)))
  const paths = new Map<string, string>()
  const failures: VolumeFailure[] = []
  const stale: VolumeFailure[] = []
  for (const volume of volumes) {
    const name = nameOf(volume)
    try {
      paths.set(name, await updateVolume(wish, volume))
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const message = claimOfVolume(wish.pod, volume)
        ? why
        : `MountVolume.SetUp failed for volume "${name}" : ${why}`
      const path = writtenVolume(wish.folder, volume)
      if (path !== undefined) paths.set(name, path)
      ;(path === undefined ? failures : stale).push({ volume: name, message })
    }
  }
  return { paths, failures, stale }
}

function nameOf(volume: JsonObject): string {
  return textAt(volume, ['name']) ?? ''
}

function usedVolumes(pod: KubeObject): ReadonlySet<string> {
  return new Set(
    ['initContainers', 'containers', 'ephemeralContainers']
      .flatMap((field) => listAt(pod, ['spec', field]))
      .flatMap((container) => listAt(container, ['volumeMounts']))
      .map(nameOf),
  )
}

/** As it is called in the folder's names, which people know from the kubelet's. */
const pluginNames = {
  configMap: 'kubernetes.io~configmap',
  secret: 'kubernetes.io~secret',
  downwardAPI: 'kubernetes.io~downward-api',
  projected: 'kubernetes.io~projected',
} as const

/** Where a volume of files is, if they were written before. */
function writtenVolume(folder: string, volume: JsonObject): string | undefined {
  const type = payloadFields.find((field) => volume[field] !== undefined)
  const path = type && join(folder, 'volumes', pluginNames[type], nameOf(volume))
  return path !== undefined && existsSync(join(path, '..data')) ? path : undefined
}

async function updateVolume(wish: PodVolumesWish, volume: JsonObject): Promise<string> {
  const { pod, folder, facts } = wish
  const group = numberAt(pod, ['spec', 'securityContext', 'fsGroup'])
  if (volume['hostPath'] !== undefined) {
    const path = textAt(volume, ['hostPath', 'path']) ?? ''
    prepareHostPath(path, textAt(volume, ['hostPath', 'type']) ?? '')
    return path
  }
  const claim = claimOfVolume(pod, volume)
  if (claim) {
    const { mountClaim } = await import('./mount-claim.ts')
    return mountClaim(wish, claim)
  }
  const name = nameOf(volume)
  const folderOf = (plugin: string): string => join(folder, 'volumes', plugin, name)
  if (volume['emptyDir'] !== undefined) {
    const path = folderOf('kubernetes.io~empty-dir')
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o750 })
    makeEmptyDir(path, volume, pod, facts, group)
    return path
  }
  const type = payloadFields.find((field) => volume[field] !== undefined)
  if (!type) throw podError('UNSUPPORTED', 'no volume plugin matched')
  const payload = await collectPayload(wish, volume)
  const path = folderOf(pluginNames[type])
  mkdirSync(path, { recursive: true, mode: 0o750 })
  // Secrets never reach a disk. A ConfigMap is none.
  if (type !== 'configMap') mountMemory(path, { mode: 0o777 })
  if (group !== undefined) chownSync(path, 0, group)
  chmodSync(path, group === undefined ? 0o777 : 0o2777)
  writePayload(path, payload, group)
  return path
}

/** Whether containers may not write into a volume, whatever their mounts say. */
export function isReadOnlyVolume(volume: JsonObject): boolean {
  if (valueAt(volume, ['persistentVolumeClaim', 'readOnly']) === true) return true
  return payloadFields.some((field) => volume[field] !== undefined)
}

/**
 * Take away everything that {@link updatePodVolumes} and the containers' mounts made, once no container runs.
 * What hostPath volumes show is left alone. Fine where nothing is left.
 *
 * @throws {OperationError} `BAD_STATE` where something is still mounted: nothing is deleted then
 */
export function removePodVolumes(folder: string): void {
  const folders = ['volume-subpaths', 'volumes'].map((name) => join(folder, name))
  for (const path of folders) unmountBelow(path)
  const left = folders.flatMap(mountPointsBelow)
  if (left.length > 0)
    throw new OperationError('BAD_STATE', 'remove the volumes of a pod', { mounted: left[0]! })
  const [subPaths = '', volumes = ''] = folders
  removeEmpty(subPaths)
  rmSync(volumes, { recursive: true, force: true })
}

/** Mount points are empty files and folders: anything else must not be there, and is never deleted. */
function removeEmpty(path: string): void {
  if (!existsSync(path)) return
  if (!lstatSync(path).isDirectory()) return unlinkSync(path)
  for (const name of readdirSync(path)) removeEmpty(join(path, name))
  rmdirSync(path)
}

/** An emptyDir on disk that has grown over its `sizeLimit`; those in memory cannot. */
export interface EmptyDirLimit {
  readonly volume: string
  readonly path: string
  /** As written, for the message of the eviction. */
  readonly limit: string
}

/** Whose size the agent has to look at from time to time. */
export function limitedEmptyDirs(
  pod: KubeObject,
  paths: ReadonlyMap<string, string>,
): EmptyDirLimit[] {
  return listAt(pod, ['spec', 'volumes']).flatMap((volume) => {
    const limit = valueAt(volume, ['emptyDir', 'sizeLimit'])
    const path = paths.get(nameOf(volume))
    const isDisk = (textAt(volume, ['emptyDir', 'medium']) ?? '') === ''
    if (path === undefined || typeof limit !== 'string' || !isDisk) return []
    return [{ volume: nameOf(volume), path, limit }]
  })
}
