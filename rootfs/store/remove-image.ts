import { existsSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { namedReference } from './find-image.ts'
import { announceImage } from './image-events.ts'
import type { Image } from './image.ts'
import { whileNobodyBegins } from './image-use.ts'
import type { ImageStore } from './image-store.ts'
import { sweepContent } from './sweep-content.ts'

export interface RemovalResult {
  /** References that were taken away. */
  readonly untagged: readonly string[]
  /** Ids of images that are gone. */
  readonly deleted: readonly string[]
  /** Bytes given back, as far as they are known. */
  readonly freed: number
}

export interface RemoveOptions {
  /** Remove an image that has several references, or that containers use. */
  readonly force?: boolean | undefined
  /** Ids of images that containers use. Asked while nobody begins to use one. */
  readonly inUse?: (() => ReadonlySet<string>) | undefined
  /** Ids of images that running containers use: these cannot be removed by force either. */
  readonly running?: (() => ReadonlySet<string>) | undefined
}

/**
 * Take one reference away from an image; without references left the image goes too, with what
 * no other image needs. An id removes the image where it has at most one reference.
 *
 * @throws {OperationError} `NOT_FOUND`; `BAD_STATE` where it needs `force` (exit code 1)
 */
export async function removeImage(
  store: ImageStore,
  reference: string,
  options: RemoveOptions = {},
): Promise<RemovalResult> {
  // Nothing is made in a folder that has no store.
  const { id } = store.require(reference)
  const database = store.database()
  // Looked at and removed in one transaction: another process may be giving it a name.
  const { untagged, deleted } = await whileNobodyBegins(store, () =>
    database.write(() => removeEntry(store, reference, options)),
  )
  announce(store, id, untagged, deleted.length > 0)
  if (deleted.length === 0) return { untagged, deleted, freed: 0 }
  return { untagged, deleted, freed: (await sweepContent(store)).freed }
}

function announce(
  store: ImageStore,
  id: string,
  untagged: readonly string[],
  isGone: boolean,
): void {
  for (const name of untagged) announceImage(store, 'untag', id, name)
  if (isGone) announceImage(store, 'delete', id)
}

function removeEntry(
  store: ImageStore,
  reference: string,
  { force = false, inUse = none, running = none }: RemoveOptions,
): { untagged: readonly string[]; deleted: string[] } {
  const database = store.database()
  const image = store.require(reference)
  const named = namedReference(image.references, reference)
  const isLast = named === undefined || image.references.length <= 1
  if (named === undefined && image.references.length > 1 && !force)
    throw refused(image, 'it has several references', 'Remove them by name, or use --force')
  if ((isLast || named === undefined) && running().has(image.id))
    throw refused(image, 'a running container uses it', 'Stop and remove the container first')
  if (isLast && !force && inUse().has(image.id))
    throw refused(image, 'a container uses it', 'Remove the container first, or use --force')
  const untagged = named !== undefined ? [named] : image.references
  for (const name of untagged) database.run('DELETE FROM reference WHERE name = ?', name)
  if (isLast) deleteEntry(store, image.id)
  return { untagged, deleted: isLast ? [image.id] : [] }
}

const none = (): ReadonlySet<string> => new Set()

export interface PruneOptions {
  /** Ids of images that containers use. Asked while nobody begins to use one. */
  readonly inUse: () => ReadonlySet<string>
  /** Also those that have a reference. */
  readonly all?: boolean | undefined
  /** Only those of which this is true. */
  readonly isWanted?: ((image: Image) => boolean) | undefined
}

const keepPartialMs = 60 * 60 * 1000

/** Remove images that nothing refers to, then blobs and layers that no image has. */
export async function pruneImages(
  store: ImageStore,
  { inUse, all = false, isWanted = () => true }: PruneOptions,
): Promise<RemovalResult> {
  // Content may be there before the first image was entered: of a pull that was killed.
  if (!existsSync(store.folders.temporary)) return { untagged: [], deleted: [], freed: 0 }
  const database = store.database()
  const removeUnneeded = (): Image[] => {
    const used = inUse()
    const unneeded = store
      .list()
      .filter((image) => !used.has(image.id) && (all || image.references.length === 0))
      .filter(isWanted)
    for (const image of unneeded) deleteEntry(store, image.id)
    return unneeded
  }
  const gone = await whileNobodyBegins(store, () => database.write(removeUnneeded))
  for (const { id, references } of gone) announce(store, id, references, true)
  const { freed } = await sweepContent(store, { keepPartialMs })
  return {
    untagged: gone.flatMap((image) => image.references),
    deleted: gone.map((image) => image.id),
    freed,
  }
}

function deleteEntry(store: ImageStore, id: string): void {
  const database = store.database()
  database.run('DELETE FROM reference WHERE image_id = ?', id)
  database.run('DELETE FROM host_image WHERE image_id = ?', id)
  database.run('DELETE FROM image_manifest WHERE image_id = ?', id)
  database.run('DELETE FROM image WHERE id = ?', id)
}

function refused(image: Image, reason: string, hint: string): OperationError {
  const id = image.id.slice('sha256:'.length, 'sha256:'.length + 12)
  return new OperationError(
    'BAD_STATE',
    'remove an image',
    { image: id, reason },
    { hint, exitCode: 1 },
  )
}
