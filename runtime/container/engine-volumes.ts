import { OperationError } from '../../native/error.ts'
import type { VolumeSummary } from '../cli/content-verbs.ts'
import type { PruneFilter, PruneResult } from '../cli/engine.ts'
import { dirname } from 'node:path'
import { diskBytes } from '../volume/disk-volume.ts'
import { planVolume } from '../volume/volume-plan.ts'
import { ensureVolume, findVolume, listVolumes, removeVolume } from '../volume/volume-store.ts'
import type { EngineContext } from './engine-context.ts'
import { publishVolumeEvent } from './events.ts'
import { newContainerId } from './identifier.ts'
import { folderBytes } from './list.ts'
import { matches } from './prune.ts'
import { listRecords } from './record-store.ts'

export async function createVolume(
  { folders, facts }: EngineContext,
  name: string | undefined,
  wish: {
    readonly labels: Readonly<Record<string, string>>
    readonly options: Readonly<Record<string, string>>
  },
): Promise<VolumeSummary> {
  if (facts.inUserNamespace && planVolume(wish.options)?.kind === 'disk')
    throw new OperationError(
      'UNSUPPORTED',
      'limit the size of a volume',
      { reason: 'it takes a loop device, which root alone may use' },
      { hint: 'A tmpfs does without: -o type=tmpfs -o o=size=SIZE' },
    )
  const wanted = name ?? newContainerId()
  const asked = { ...wish, anonymous: name === undefined }
  const { volume, isNew } = await ensureVolume(folders.dataDir, wanted, asked)
  if (isNew) publishVolumeEvent(folders, 'create', wanted)
  return volume
}

export function listAllVolumes({ folders }: EngineContext): VolumeSummary[] {
  return listVolumes(folders.dataDir)
}

export function inspectVolume({ folders }: EngineContext, name: string): VolumeSummary {
  const volume = findVolume(folders.dataDir, name)
  if (volume) return volume
  throw new OperationError('NOT_FOUND', `no such volume: ${name}`, {}, { exitCode: 1 })
}

export function removeNamedVolume(context: EngineContext, name: string, force: boolean): void {
  if (force && !findVolume(context.folders.dataDir, name)) return
  removeVolume(context.folders.dataDir, name, usersOf(context, name))
  publishVolumeEvent(context.folders, 'destroy', name)
}

export function pruneVolumes(
  context: EngineContext,
  filter: PruneFilter,
  all: boolean,
): PruneResult {
  const deleted: string[] = []
  let reclaimedBytes = 0
  for (const volume of listVolumes(context.folders.dataDir)) {
    if (!all && !volume.anonymous) continue
    if (usersOf(context, volume.name).length > 0) continue
    if (!matches(volume.created, volume.labels, filter)) continue
    reclaimedBytes += volumeBytes(volume)
    removeVolume(context.folders.dataDir, volume.name, [])
    publishVolumeEvent(context.folders, 'destroy', volume.name)
    deleted.push(volume.name)
  }
  return { deleted, reclaimedBytes }
}

/** Of its files; of a volume with a size, what that takes on the disk. */
export function volumeBytes({ mountpoint }: VolumeSummary): number {
  return diskBytes(dirname(mountpoint)) ?? folderBytes(mountpoint)
}

/** Names of the containers, running or not, that mount a volume. */
function usersOf({ folders }: EngineContext, volume: string): string[] {
  return listRecords(folders)
    .filter(({ mounts }) => mounts.some(({ name }) => name === volume))
    .map(({ name }) => name)
}
