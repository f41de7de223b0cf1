import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { hasFinalizer, withFinalizer, withoutFinalizer } from '../../api/finalizers.ts'
import type { KubeObject } from '../../api/object.ts'
import { textAt } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import { localPathNode, localPathProvisioner, provisionedBy } from '../../api/volumes/names.ts'
import { makeInformer } from '../../client/informer.ts'
import { podError } from '../environment/pod-error.ts'
import type { NodeStorageOptions } from './node-storage.ts'

/** Makes folders of volumes, and takes them away with their volumes. */
export interface FolderKeeper {
  make(volume: KubeObject): Promise<string>
  stop(): void
}

const volumeKind = { apiVersion: 'v1', kind: 'PersistentVolume' }
const retryMs = 2000

/** Follow the volumes of this node. Before there is a folder, its volume has a finalizer: it does not go without it. */
export function keepFolders(options: NodeStorageOptions): FolderKeeper {
  const { client, node, folder, onProblem } = options
  const stopping = new AbortController()
  const going = new Set<string>()
  const labelSelector = `${localPathNode}=${node}`
  const volumes = makeInformer(client, volumeKind, { labelSelector }, { onProblem })
  const end = async (name: string): Promise<void> => {
    while (!stopping.signal.aborted) {
      const volume = volumes.get({ name })
      if (!volume || !isGoing(volume)) return
      try {
        await removeFolder(volume, folder)
        await client.update(withoutFinalizer(volume, localPathNode))
        return
      } catch (error) {
        // Somebody was faster: the next look sees what they wrote.
        if (!isStatus(error, 404, 409)) onProblem(`remove the folder of volume ${name}`, error)
      }
      await wait(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  volumes.onChange((volume, isThere) => {
    const { name = '' } = volume.metadata
    if (!isThere || !isGoing(volume) || going.has(name)) return
    going.add(name)
    void end(name).finally(() => going.delete(name))
  })
  return {
    make: async (volume) => {
      const path = folderOf(volume, folder)
      if (path === undefined)
        throw podError('INVALID_ARGUMENT', `its path is not a folder in ${folder}`)
      await markFolder(options, volume)
      makeFolder(folder, path)
      return path
    },
    stop: () => {
      stopping.abort()
      volumes.stop()
    },
  }
}

function isGoing(volume: KubeObject): boolean {
  return volume.metadata.deletionTimestamp !== undefined && hasFinalizer(volume, localPathNode)
}

async function markFolder({ client }: NodeStorageOptions, known: KubeObject): Promise<void> {
  let volume = known
  for (let attempt = 1; !hasFinalizer(volume, localPathNode); attempt++)
    try {
      volume = await client.update(withFinalizer(volume, localPathNode))
    } catch (error) {
      if (!isStatus(error, 409) || attempt === 8) throw error
      volume = await client.get(volumeKind, { name: known.metadata.name ?? '' })
    }
}

/** Anybody may write into it, as everywhere where this class of volumes is known: who shares the volume decides. */
function makeFolder(folder: string, path: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  if (existsSync(path)) return
  mkdirSync(path)
  chmodSync(path, 0o777)
}

/** Of volumes that may be deleted by it, only what lies right in our folder counts: a path may say anything. */
function folderOf(volume: KubeObject, folder: string): string | undefined {
  const path = textAt(volume, ['spec', 'local', 'path']) ?? ''
  const { name = '', annotations = {} } = volume.metadata
  if (annotations[provisionedBy] !== localPathProvisioner) return undefined
  const isOurs = dirname(path) === folder && path === join(path) && path.includes(`/${name}_`)
  return isOurs ? path : undefined
}

async function removeFolder(volume: KubeObject, folder: string): Promise<void> {
  if (textAt(volume, ['spec', 'persistentVolumeReclaimPolicy']) !== 'Delete') return
  const path = folderOf(volume, folder)
  if (path !== undefined) await rm(path, { recursive: true, force: true })
}

function isStatus(error: unknown, ...codes: number[]): boolean {
  return error instanceof StatusError && codes.includes(error.status.code)
}
