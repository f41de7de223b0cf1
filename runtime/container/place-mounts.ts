import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { openRoot } from '../../rootfs/path-in-root.ts'
import {
  type Volume,
  ensureVolume,
  fillEmptyVolume,
  findVolume,
  removeVolume,
} from '../volume/volume-store.ts'
import { planVolume } from '../volume/volume-plan.ts'
import { viewOf } from './file-view/host-view.ts'
import { fromRaw, toRaw } from '../../native/raw-text.ts'
import { walkPath } from './file-view/walk-path.ts'
import type { EngineFolders } from './folders.ts'
import { newContainerId } from './identifier.ts'
import type { MountSpec } from './mount-spec.ts'
import type { PlacedMount } from './oci-config/facts.ts'
import { wantedMounts } from './oci-config/user-mounts.ts'
import type { ContainerOptions } from './options.ts'
import { volumeOptionsOf } from './parse/volume-driver.ts'
import type { ResolvedMount } from './record.ts'
import { listRecords } from './record-store.ts'
import { isSystemError } from '../../native/system-error.ts'

/** What a container that is being made does about its new volumes. */
export interface VolumeMaking {
  /** Copies what the image has at a destination into an empty folder. */
  readonly fill: (destination: string, folder: string) => Promise<void>
  /** Told of a volume for this container alone, before it is made. */
  readonly announce: (name: string) => void
  /** Told of a volume that was not there before. */
  readonly onMade: (name: string) => void
}

/**
 * Find or make the source of every mount that options and image want, once, when the container is
 * created. A new volume, and an empty one that no container has yet, gets what the image has there.
 *
 * @throws {OperationError} `NOT_FOUND` for the source of a `--mount type=bind` that is not there;
 *   volumes made for this container alone are removed again
 */
export async function resolveMounts(
  folders: EngineFolders,
  options: ContainerOptions,
  imageVolumes: readonly string[],
  making: VolumeMaking,
): Promise<ResolvedMount[]> {
  const mounts: ResolvedMount[] = []
  try {
    for (const spec of wantedMounts(options, imageVolumes)) {
      refuseUnknownWishes(spec)
      mounts.push(await resolveMount(folders, spec, making))
    }
    return mounts
  } catch (error) {
    removeAnonymous(folders, mounts)
    throw error
  }
}

/** Take back the volumes that were made for a container that does not come about. */
export function removeAnonymous(folders: EngineFolders, mounts: readonly ResolvedMount[]): void {
  for (const { name, anonymous } of mounts)
    if (anonymous && name !== undefined && findVolume(folders.dataDir, name))
      removeVolume(folders.dataDir, name, [])
}

/** Better than a mount that does something else than what was asked for. */
function refuseUnknownWishes(spec: MountSpec): void {
  if (spec.overlay)
    throw unsupportedMount(spec, 'an overlay over a bind (O)', 'Mount it read-only, or copy it')
  if (spec.kind === 'image')
    throw unsupportedMount(spec, 'an image as a mount', 'Copy the files out of a container of it')
}

function unsupportedMount({ destination }: MountSpec, what: string, hint: string): OperationError {
  return new OperationError('UNSUPPORTED', `mount with ${what}`, { destination }, { hint })
}

async function resolveMount(
  folders: EngineFolders,
  spec: MountSpec,
  making: VolumeMaking,
): Promise<ResolvedMount> {
  const base = {
    destination: spec.destination,
    readWrite: !spec.readOnly,
    propagation: spec.propagation ?? (spec.kind === 'bind' ? 'rprivate' : ''),
    anonymous: false,
  }
  if (spec.kind === 'tmpfs') return { ...base, type: 'tmpfs', source: '' }
  if (spec.kind === 'bind') return { ...base, type: 'bind', source: bindSource(spec) }
  const volume = await filledVolume(folders, spec, making)
  const { source, readOnly } = placeOfVolume(volume, spec)
  const access = readOnly ? { readWrite: false } : {}
  const { name } = volume
  return { ...base, ...access, type: 'volume', name, source, anonymous: spec.source === undefined }
}

/** @throws {OperationError} `NOT_FOUND` for a folder of the host that is not there */
function placeOfVolume(
  { name, mountpoint, options }: Volume,
  { subpath }: MountSpec,
): { readonly source: string; readonly readOnly: boolean } {
  const plan = planVolume(options)
  const folder = plan?.kind === 'bind' ? plan.source : mountpoint
  if (plan?.kind === 'bind' && !existsSync(folder))
    throw new OperationError(
      'NOT_FOUND',
      `use the volume ${name}`,
      { device: folder },
      { hint: 'Make that folder first' },
    )
  return {
    source: subpath === undefined ? folder : subfolder(folder, subpath),
    readOnly: plan?.kind === 'bind' && plan.readOnly,
  }
}

async function filledVolume(
  folders: EngineFolders,
  spec: MountSpec,
  making: VolumeMaking,
): Promise<Volume> {
  const fillHere =
    spec.copy && spec.subpath === undefined
      ? (folder: string): Promise<void> => making.fill(spec.destination, folder)
      : undefined
  const wish = {
    anonymous: spec.source === undefined,
    labels: spec.volumeLabels ?? {},
    options: volumeOptionsOf(spec.volumeDriver ?? '', spec.volumeOptions ?? {}),
  }
  if (wish.anonymous && planVolume(wish.options)) throw nameless()
  const name = spec.source ?? newContainerId()
  if (wish.anonymous) making.announce(name)
  const { volume, isNew } = await ensureVolume(folders.dataDir, name, wish, fillHere)
  if (isNew) making.onMade(name)
  if (!isNew && fillHere && readdirSync(volume.mountpoint).length === 0)
    if (!listRecords(folders).some(({ mounts }) => mounts.some((mount) => mount.name === name)))
      await fillEmptyVolume(volume, fillHere)
  return volume
}

/** Whoever removes it with its container does not know how to unmount it. */
function nameless(): OperationError {
  return new OperationError(
    'UNSUPPORTED',
    'make a volume with options and without a name',
    {},
    { hint: 'Name it: --mount type=volume,source=NAME,…; a tmpfs needs no volume (--tmpfs)' },
  )
}

/**
 * A folder of a volume. Whoever has written the volume may have put symbolic links there: they are
 * followed inside the volume, and the path that is kept has none.
 */
function subfolder(mountpoint: string, subpath: string): string {
  using root = openRoot(mountpoint)
  const missing = (cause?: unknown): OperationError =>
    new OperationError('NOT_FOUND', `find the folder ${subpath} of a volume`, {}, { cause })
  let place: ReturnType<typeof walkPath>
  try {
    place = walkPath(viewOf(root.descriptor), toRaw(subpath), true)
  } catch (error) {
    throw missing(error)
  }
  try {
    if (place.file === undefined) throw missing()
    return join(mountpoint, fromRaw(place.path))
  } finally {
    place.close()
  }
}

function bindSource(spec: MountSpec): string {
  const source = spec.source ?? ''
  try {
    return realpathSync(source)
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw bindFailure(source, error)
  }
  if (!spec.createSource)
    throw new OperationError(
      'NOT_FOUND',
      `bind mount ${source}`,
      { destination: spec.destination },
      {
        hint: 'The source does not exist on the host: create it (-v makes a missing folder, --mount does not)',
      },
    )
  try {
    mkdirSync(source, { recursive: true })
    return realpathSync(source)
  } catch (error) {
    throw bindFailure(source, error)
  }
}

function bindFailure(source: string, cause: unknown): OperationError {
  return new OperationError('INVALID_ARGUMENT', `bind mount ${source}`, {}, { cause })
}

/**
 * Specs and sources side by side again, as the configuration wants them at each start. A folder of
 * a volume is looked up anew: who shares the volume may have put a link in its place since.
 */
export function placeMounts(
  folders: EngineFolders,
  options: ContainerOptions,
  imageVolumes: readonly string[],
  mounts: readonly ResolvedMount[],
): PlacedMount[] {
  const made = new Map(mounts.map((mount) => [mount.destination, mount]))
  return wantedMounts(options, imageVolumes).map((spec) => {
    const { source = '', name, readWrite = !spec.readOnly } = made.get(spec.destination) ?? {}
    // A volume may be read-only by itself.
    const placed = readWrite === spec.readOnly ? { ...spec, readOnly: !readWrite } : spec
    if (spec.subpath === undefined || name === undefined) return { spec: placed, source }
    const volume = findVolume(folders.dataDir, name)
    return { spec: placed, source: volume ? placeOfVolume(volume, spec).source : source }
  })
}
