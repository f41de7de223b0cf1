import type { ImageStore } from '../store/image-store.ts'

/** Where blobs are known to be, so that a registry can take one from its own other repository. */
export interface BlobLocations {
  /** The repository of a registry that was seen last with the blob; not `except`. */
  find(digest: string, registry: string, except: string): string | undefined
  note(digest: string, registry: string, repository: string): void
  /** It was not there any more. */
  forget(digest: string, registry: string, repository: string): void
}

const table = `CREATE TABLE IF NOT EXISTS blob_location (
  digest TEXT NOT NULL,
  registry TEXT NOT NULL,
  repository TEXT NOT NULL,
  seen INTEGER NOT NULL,
  PRIMARY KEY (digest, registry, repository)
) WITHOUT ROWID`
/** A hint that is too old is not worth its request. */
const memoryMs = 180 * 24 * 3600 * 1000

/** Kept beside the metadata of images. Each part of rootfs/ that needs a table makes its own. */
export function storedBlobLocations(store: ImageStore): BlobLocations {
  let made = false
  const database = () => {
    const opened = store.database()
    if (!made) opened.run(table)
    made = true
    return opened
  }
  return {
    find(digest, registry, except) {
      const row = database().get(
        `SELECT repository FROM blob_location
         WHERE digest = ? AND registry = ? AND repository <> ? AND seen > ?
         ORDER BY seen DESC LIMIT 1`,
        digest,
        registry,
        except,
        Date.now() - memoryMs,
      )
      const repository = row?.['repository']
      return typeof repository === 'string' ? repository : undefined
    },
    note(digest, registry, repository) {
      database().run(
        `INSERT INTO blob_location (digest, registry, repository, seen) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET seen = excluded.seen`,
        digest,
        registry,
        repository,
        Date.now(),
      )
    },
    forget(digest, registry, repository) {
      database().run(
        'DELETE FROM blob_location WHERE digest = ? AND registry = ? AND repository = ?',
        digest,
        registry,
        repository,
      )
    },
  }
}

export const noBlobLocations: BlobLocations = {
  find: () => undefined,
  note: () => undefined,
  forget: () => undefined,
}
