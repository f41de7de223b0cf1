import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { ensureVolume } from '../volume/volume-store.ts'
import type { EngineFolders } from './folders.ts'
import { newContainerId } from './identifier.ts'
import type { MountSpec } from './mount-spec.ts'
import type { PlacedMount } from './oci-config/facts.ts'
import { wantedMounts } from './oci-config/user-mounts.ts'
import type { ContainerOptions } from './options.ts'
import type { ResolvedMount } from './record.ts'
import { isSystemError } from './system-error.ts'

export interface NewMounts {
  readonly mounts: readonly ResolvedMount[]
  /** Volumes that were made for this container and are still empty. */
  readonly emptyVolumes: readonly ResolvedMount[]
}

/**
 * Find or make the source of every mount that options and image want, once, when the container is
 * created.
 *
 * @throws {OperationError} `NOT_FOUND` for the source of a `--mount type=bind` that is not there
 */
export function resolveMounts(
  folders: EngineFolders,
  options: ContainerOptions,
  imageVolumes: readonly string[],
): NewMounts {
  const mounts: ResolvedMount[] = []
  const emptyVolumes: ResolvedMount[] = []
  for (const spec of wantedMounts(options, imageVolumes)) {
    const { mount, isNew } = resolveMount(folders, spec)
    mounts.push(mount)
    if (isNew && spec.copy) emptyVolumes.push(mount)
  }
  return { mounts, emptyVolumes }
}

function resolveMount(
  folders: EngineFolders,
  spec: MountSpec,
): { mount: ResolvedMount; isNew: boolean } {
  const base = {
    destination: spec.destination,
    readWrite: !spec.readOnly,
    propagation: spec.propagation ?? (spec.kind === 'bind' ? 'rprivate' : ''),
    anonymous: false,
  }
  if (spec.kind === 'tmpfs') return { mount: { ...base, type: 'tmpfs', source: '' }, isNew: false }
  if (spec.kind === 'bind')
    return { mount: { ...base, type: 'bind', source: bindSource(spec) }, isNew: false }
  if (spec.kind === 'image')
    throw new OperationError('UNSUPPORTED', 'mount an image into a container', {
      destination: spec.destination,
    })
  const anonymous = spec.source === undefined
  const { volume, isNew } = ensureVolume(folders.dataDir, spec.source ?? newContainerId(), {
    anonymous,
    labels: spec.volumeLabels ?? {},
    options: spec.volumeOptions ?? {},
  })
  const source =
    spec.subpath === undefined ? volume.mountpoint : join(volume.mountpoint, spec.subpath)
  return { mount: { ...base, type: 'volume', name: volume.name, source, anonymous }, isNew }
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
      { hint: 'The source does not exist; -v makes a missing folder, --mount does not' },
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

/** Specs and sources side by side again, as the configuration wants them at each start. */
export function placeMounts(
  options: ContainerOptions,
  imageVolumes: readonly string[],
  mounts: readonly ResolvedMount[],
): PlacedMount[] {
  const sources = new Map(mounts.map((mount) => [mount.destination, mount.source]))
  return wantedMounts(options, imageVolumes).map((spec) => ({
    spec,
    source: sources.get(spec.destination) ?? '',
  }))
}
