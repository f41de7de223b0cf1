import { OperationError } from '../../native/error.ts'
import type { Image, ImageRecord } from './image.ts'
import { loadImage, setReference } from './image-store.ts'
import type { Lease } from './lease.ts'
import { syncLayers } from './sync-layers.ts'

export interface NewImage {
  readonly id: string
  readonly digest: string
  /** Digests of stored indexes that led to it. */
  readonly indexes?: readonly string[] | undefined
  readonly record: ImageRecord
  /** References to give it; they move here from images that had them. */
  readonly references: readonly string[]
}

/** Enter an image whose blobs and layers are in the store already, and held. */
export function addImage(lease: Lease, image: NewImage): Image {
  const { store } = lease
  const database = store.database()
  syncLayers(lease, image.record.chainIds)
  return database.write(() => {
    database.run(
      `INSERT INTO image (id, digest, added, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, record = excluded.record`,
      image.id,
      image.digest,
      Date.now(),
      JSON.stringify(image.record),
    )
    for (const digest of [image.digest, ...(image.indexes ?? [])])
      database.run(
        'INSERT OR IGNORE INTO image_manifest (digest, image_id) VALUES (?, ?)',
        digest,
        image.id,
      )
    for (const reference of image.references)
      setReference(database, reference, image.id, image.digest)
    const added = loadImage(database, store.folders, image.id)
    if (!added) throw new OperationError('INTERNAL', 'add an image', { id: image.id })
    return added
  })
}
