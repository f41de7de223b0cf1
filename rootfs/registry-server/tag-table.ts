import type { Database } from '../store/database.ts'
import { touchManifest } from './repository-table.ts'

/** Digest that a tag points at. */
export function findTag(database: Database, repository: string, name: string): string | undefined {
  const row = database.get(
    'SELECT digest FROM registry_tag WHERE repository = ? AND name = ?',
    repository,
    name,
  )
  return row && String(row['digest'])
}

/** @param now from when on the manifest that had the tag counts as unused */
export function putTag(
  database: Database,
  repository: string,
  name: string,
  digest: string,
  now: number,
): void {
  const before = findTag(database, repository, name)
  if (before !== undefined) touchManifest(database, repository, before, now)
  database.run(
    `INSERT INTO registry_tag (repository, name, digest) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET digest = excluded.digest`,
    repository,
    name,
    digest,
  )
}

/** @returns whether it was there */
export function deleteTag(
  database: Database,
  repository: string,
  name: string,
  now: number,
): boolean {
  const digest = findTag(database, repository, name)
  if (digest === undefined) return false
  touchManifest(database, repository, digest, now)
  database.run('DELETE FROM registry_tag WHERE repository = ? AND name = ?', repository, name)
  return true
}

/** At most `count` tags after `last`, in the order of their bytes. */
export function listTags(
  database: Database,
  repository: string,
  last: string,
  count: number,
): string[] {
  return database
    .all(
      'SELECT name FROM registry_tag WHERE repository = ? AND name > ? ORDER BY name LIMIT ?',
      repository,
      last,
      count,
    )
    .map((row) => String(row['name']))
}

/** Whether anything was ever pushed to the repository and is still there. */
export function repositoryExists(database: Database, repository: string): boolean {
  return (
    database.get(
      `SELECT 1 AS found WHERE EXISTS (SELECT 1 FROM registry_manifest WHERE repository = ?1)
         OR EXISTS (SELECT 1 FROM registry_blob WHERE repository = ?1)`,
      repository,
    ) !== undefined
  )
}

/** Repositories that have a manifest, after `last`, in the order of their bytes. */
export function listRepositories(database: Database, last: string): string[] {
  return database
    .all(
      'SELECT DISTINCT repository FROM registry_manifest WHERE repository > ? ORDER BY repository',
      last,
    )
    .map((row) => String(row['repository']))
}
