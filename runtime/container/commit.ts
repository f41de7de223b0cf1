import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { toRaw } from '../../native/raw-text.ts'
import { applyChange } from '../../rootfs/import/apply-change.ts'
import { creationTime, readSourceDateEpoch } from '../../rootfs/import/source-date-epoch.ts'
import { overlayLayer } from '../../rootfs/layer/diff-layer.ts'
import type { FileOwner } from '../../rootfs/layer/tree-tar.ts'
import { parseReference } from '../../rootfs/reference.ts'
import { addBuiltImage } from '../../rootfs/store/add-built-image.ts'
import { addLayer } from '../../rootfs/store/add-layer.ts'
import type { Image } from '../../rootfs/store/image.ts'
import { imageLayers } from '../../rootfs/store/image-layers.ts'
import type { ImageStore } from '../../rootfs/store/image-store.ts'
import { withLease } from '../../rootfs/store/lease.ts'
import { blobPath } from '../../rootfs/store/store-folders.ts'
import type { CommitOptions } from '../cli/content-verbs.ts'
import { committedConfig } from './committed-config.ts'
import { containerFolder } from './container-folder.ts'
import { type OwnerMappings, mappingsOf } from './container-root.ts'
import type { EngineContext } from './engine-context.ts'
import { publishContainerEvent } from './events.ts'
import { containerIdOf } from './file-view/map-id.ts'
import { ownPlaces } from './own-places.ts'
import type { ContainerRecord } from './record.ts'
import { resolveContainer } from './record-store.ts'
import { withStillContainer } from './still-container.ts'

/**
 * `commit`: an image of the layers that a container began with and one of what it changed, with the
 * configuration that it runs with. Volumes and binds are not part of it.
 *
 * @returns the id of the image
 * @throws {OperationError} `UNSUPPORTED` for a container on a plain folder, `NOT_FOUND` where its
 *   image was removed, `INVALID_ARGUMENT` for a change or a reference; nothing is stored then
 */
export async function commitContainer(
  context: EngineContext,
  container: string,
  options: CommitOptions,
): Promise<string> {
  const record = resolveContainer(context.folders, container)
  requireImage(record)
  if (options.reference !== undefined) requireName(options.reference)
  const store = await context.images()
  const image = store.require(record.imageId)
  const configuration = configurationOf(store, image, record, options)
  const made = await withStillContainer(context, record, options, () =>
    addCommitted(context, { store, image, record, configuration }, options),
  )
  publishContainerEvent(context.folders, record, 'commit', {
    imageID: made.id,
    comment: options.message ?? '',
    imageRef: made.references[0] ?? '',
  })
  return made.id
}

function requireImage({ imageId, name }: ContainerRecord): void {
  if (imageId.startsWith('sha256:')) return
  throw new OperationError(
    'UNSUPPORTED',
    `commit the container ${name}`,
    { reason: 'it runs on a plain folder' },
    {
      hint: `Make an image of the folder: mycontainer export ${name} | myimage import -`,
      exitCode: 1,
    },
  )
}

function requireName(reference: string): void {
  if (parseReference(reference).digest === undefined) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    'name an image',
    { reference },
    { hint: 'A digest cannot be assigned; give a name and a tag', exitCode: 1 },
  )
}

interface Commit {
  readonly store: ImageStore
  readonly image: Image
  readonly record: ContainerRecord
  readonly configuration: Readonly<Record<string, unknown>>
}

async function addCommitted(
  { folders }: EngineContext,
  { store, image, record, configuration }: Commit,
  { format, reference, warn }: CommitOptions,
): Promise<Image> {
  const { upper } = containerFolder(folders, record.id)
  const exclude = [...ownPlaces, ...heldFiles(record, upper)].map((path) => toRaw(path.slice(1)))
  const source = overlayLayer({
    upper,
    exclude,
    ownerOf: ownerInside(mappingsOf(folders, record)),
    latestTime: readSourceDateEpoch(),
  })
  return withLease(store, async (lease) => {
    const below = imageLayers(store, image)
    await lease.hold(image.id, image.digest, ...below.flatMap((it) => [it.digest, it.chainId]))
    // Removed before it was held.
    store.require(record.imageId)
    const chainIds = below.map(({ chainId }) => chainId)
    const layer = await addLayer(lease, { source, below: chainIds, onNote: warn })
    const references = reference === undefined ? [] : [reference]
    return addBuiltImage(lease, { layers: [...below, layer], configuration, format, references })
  })
}

/** Empty files that were made to mount others over them. */
function heldFiles({ mounts, options }: ContainerRecord, upper: string): string[] {
  const secrets = (options.secrets ?? []).map(({ target }) => target)
  return [...mounts.map(({ destination }) => destination), ...secrets]
    .filter((path) => path.startsWith('/'))
    .filter((path) => lstatSync(join(upper, path), { throwIfNoEntry: false })?.isFile())
}

/** Owners as the container sees them. */
export function ownerInside({
  uidMappings,
  gidMappings,
}: OwnerMappings): (uid: number, gid: number) => FileOwner {
  return (uid, gid) => ({
    uid: containerIdOf(uidMappings, uid),
    gid: containerIdOf(gidMappings, gid),
  })
}

function configurationOf(
  { folders }: ImageStore,
  image: Image,
  record: ContainerRecord,
  options: CommitOptions,
): Record<string, unknown> {
  const base = JSON.parse(readFileSync(blobPath(folders, image.id), 'utf8')) as {
    readonly config?: Record<string, unknown> | null
    readonly history?: readonly unknown[] | null
  }
  const config = committedConfig(base.config ?? {}, record, options.includeVolumes)
  for (const change of options.changes) applyChange(config, change)
  const { author, message } = options
  const created = creationTime()
  const step = {
    created,
    ...(author === undefined ? {} : { author }),
    created_by: [...record.resolved.entrypoint, ...record.resolved.command].join(' '),
    ...(message === undefined ? {} : { comment: message }),
  }
  return {
    ...base,
    created,
    ...(author === undefined ? {} : { author }),
    config,
    history: [...(base.history ?? []), step],
  }
}
