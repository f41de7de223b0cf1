import type { Database } from '../store/database.ts'
import { sweepContent } from '../store/sweep-content.ts'
import type { Registry } from './registry.ts'
import { deleteBlob, deleteManifest } from './repository-table.ts'

/** What a run of garbage collection took away. */
export interface Collection {
  readonly blobs: number
  readonly manifests: number
  readonly freedBytes: number
}

/**
 * Remove what no repository needs, while requests go on: manifests that nothing points at (where the
 * settings say so), blobs that no manifest of their repository refers to, uploads that nobody goes on
 * with, and then the content that nobody has any more. Who pushed a blob, or was told that it is here,
 * has the grace time to push a manifest that needs it.
 *
 * @param now milliseconds since 1970
 */
export async function collectGarbage(
  { store, database, uploads, settings }: Registry,
  now: number,
): Promise<Collection> {
  const { untaggedLifetimeMs, blobGraceMs, uploadLifetimeMs } = settings
  let [blobs, manifests] = [0, 0]
  for (const repository of repositories(database)) {
    // One transaction each: requests are served between them.
    database.write(() => {
      if (untaggedLifetimeMs !== undefined)
        manifests += dropUntagged(database, repository, now, untaggedLifetimeMs)
      blobs += dropUnreferenced(database, repository, now - blobGraceMs)
    })
    await new Promise(setImmediate)
  }
  const stale = uploads.removeStale(uploadLifetimeMs)
  const { freed } = await sweepContent(store)
  return { blobs, manifests, freedBytes: freed + stale }
}

function repositories(database: Database): string[] {
  return database
    .all('SELECT repository FROM registry_blob UNION SELECT repository FROM registry_manifest')
    .map((row) => String(row['repository']))
}

function dropUnreferenced(database: Database, repository: string, before: number): number {
  const found = database.all(
    `SELECT digest FROM registry_blob AS blob WHERE repository = ? AND used < ? AND NOT EXISTS (
       SELECT 1 FROM registry_link WHERE repository = blob.repository AND target = blob.digest)`,
    repository,
    before,
  )
  for (const row of found) deleteBlob(database, repository, String(row['digest']))
  return found.length
}

/**
 * Kept are those with a tag, young ones, and from there what an index lists and what refers to one
 * that is kept.
 */
function dropUntagged(
  database: Database,
  repository: string,
  now: number,
  lifetimeMs: number,
): number {
  const found = database.all(
    `WITH RECURSIVE kept(digest) AS (
       SELECT digest FROM registry_tag WHERE repository = ?1
       UNION SELECT digest FROM registry_manifest WHERE repository = ?1 AND used >= ?2
       UNION SELECT link.target FROM kept
         JOIN registry_link AS link ON link.repository = ?1 AND link.manifest = kept.digest
       UNION SELECT referrer.digest FROM kept
         JOIN registry_manifest AS referrer
           ON referrer.repository = ?1 AND referrer.subject = kept.digest)
     SELECT digest FROM registry_manifest WHERE repository = ?1 AND digest NOT IN (SELECT digest FROM kept)`,
    repository,
    now - lifetimeMs,
  )
  // What only they listed was as long unused as they were.
  for (const row of found)
    deleteManifest(database, repository, String(row['digest']), now - lifetimeMs)
  return found.length
}
