import { formatReference, parseReference, withDefaultTag } from '../reference.ts'
import type { Lease } from '../store/lease.ts'
import { storeBlob } from '../store/write-blob.ts'

export interface NamedDocument {
  /** Bytes of an index kept whole, or of the manifest of an artifact. */
  readonly content: Buffer
  readonly mediaType: string
  /** Checked where it is given. */
  readonly digest?: string | undefined
  readonly references: readonly string[]
}

/**
 * Keep an index with all its platforms, or an artifact, under a name. Blobs that it names are kept
 * as long as it is; those that are not there are simply not there.
 *
 * @returns its digest
 */
export async function addDocument(lease: Lease, document: NamedDocument): Promise<string> {
  const digest = await storeBlob(lease, document.content, document.digest)
  const database = lease.store.database()
  database.write(() => {
    for (const reference of document.references)
      database.run(
        `INSERT INTO document (name, digest, media_type, added) VALUES (?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, media_type = excluded.media_type`,
        formatReference(withDefaultTag(parseReference(reference))),
        digest,
        document.mediaType,
        Date.now(),
      )
  })
  return digest
}
