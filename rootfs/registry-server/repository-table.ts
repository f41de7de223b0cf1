import type { Database, SqlRow } from '../store/database.ts'
import { blobOwnerPrefix, dropContent, keepContent } from '../store/content-roots.ts'

// What the repositories of the registry have, beside the tables of the image store in the same
// database. Content is named twice: by the digest that the client uses (sha256 or sha512) and by the
// sha256 under which the store has it. Each row with content is a root of the store's garbage collection.

const schema = `
CREATE TABLE IF NOT EXISTS registry_blob (
  repository TEXT NOT NULL,
  digest TEXT NOT NULL,
  content TEXT NOT NULL,
  size INTEGER NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS registry_blob_digest ON registry_blob(digest);
CREATE INDEX IF NOT EXISTS registry_blob_content ON registry_blob(content, size);
CREATE TABLE IF NOT EXISTS registry_manifest (
  repository TEXT NOT NULL,
  digest TEXT NOT NULL,
  content TEXT NOT NULL,
  size INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  subject TEXT,
  artifact_type TEXT,
  annotations TEXT,
  used INTEGER NOT NULL,
  PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS registry_manifest_content ON registry_manifest(content, size);
CREATE INDEX IF NOT EXISTS registry_manifest_subject ON registry_manifest(repository, subject);
CREATE TABLE IF NOT EXISTS registry_link (
  repository TEXT NOT NULL,
  manifest TEXT NOT NULL,
  target TEXT NOT NULL,
  PRIMARY KEY (repository, manifest, target)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS registry_link_target ON registry_link(repository, target);
CREATE TABLE IF NOT EXISTS registry_tag (
  repository TEXT NOT NULL,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (repository, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS registry_tag_digest ON registry_tag(repository, digest);
`

/** Make the registry's tables where they are missing. */
export function prepareRepositoryTables(database: Database): void {
  database.write(() => {
    for (const statement of schema.split(';')) if (statement.trim() !== '') database.run(statement)
  })
}

/** A blob of one repository. */
export interface BlobRow {
  readonly digest: string
  /** "sha256:…" under which the store has the bytes. */
  readonly content: string
  readonly size: number
  /** Milliseconds since 1970 when somebody last relied on it. */
  readonly used: number
}

/** A manifest or index of one repository. */
export interface ManifestRow extends BlobRow {
  readonly mediaType: string
  /** Digest of the manifest that this one is about. */
  readonly subject: string | undefined
  readonly artifactType: string | undefined
  /** JSON object. */
  readonly annotations: string | undefined
}

/** Owner of a repository's content in the store's table of roots. Each blob has a row of its own. */
function rootOwner(repository: string): string {
  return `${blobOwnerPrefix}registry:${repository}`
}

export function findBlob(
  database: Database,
  repository: string,
  digest: string,
): BlobRow | undefined {
  const row = database.get(
    'SELECT digest, content, size, used FROM registry_blob WHERE repository = ? AND digest = ?',
    repository,
    digest,
  )
  return row && toBlob(row)
}

/** Repositories that have the blob. */
export function repositoriesWithBlob(database: Database, digest: string): string[] {
  return database
    .all('SELECT repository FROM registry_blob WHERE digest = ? LIMIT 100', digest)
    .map((row) => String(row['repository']))
}

export function putBlob(database: Database, repository: string, blob: BlobRow): void {
  const { digest, content, size, used } = blob
  database.run(
    `INSERT INTO registry_blob (repository, digest, content, size, used) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET used = excluded.used`,
    repository,
    digest,
    content,
    size,
    used,
  )
  keepContent(database, rootOwner(repository), content)
}

/** Note that somebody relies on the blob, which the garbage collector goes by. */
export const touchBlob = touchIn('registry_blob')

/** As {@link touchBlob}, for a manifest; also when the last that pointed at it goes. */
export const touchManifest = touchIn('registry_manifest')

function touchIn(table: 'registry_blob' | 'registry_manifest') {
  return (database: Database, repository: string, digest: string, used: number): void => {
    database.run(
      `UPDATE ${table} SET used = ? WHERE repository = ? AND digest = ?`,
      used,
      repository,
      digest,
    )
  }
}

/** @returns whether it was there */
export function deleteBlob(database: Database, repository: string, digest: string): boolean {
  const blob = findBlob(database, repository, digest)
  if (!blob) return false
  database.run('DELETE FROM registry_blob WHERE repository = ? AND digest = ?', repository, digest)
  dropUnused(database, repository, blob.content)
  return true
}

export function findManifest(
  database: Database,
  repository: string,
  digest: string,
): ManifestRow | undefined {
  const row = database.get(
    `SELECT ${manifestColumns} FROM registry_manifest WHERE repository = ? AND digest = ?`,
    repository,
    digest,
  )
  return row && toManifest(row)
}

/** Enter a manifest and what it refers to. Within a transaction. */
export function putManifest(
  database: Database,
  repository: string,
  manifest: ManifestRow,
  targets: Iterable<string>,
): void {
  const { digest, content, size, mediaType, subject, artifactType, annotations, used } = manifest
  database.run(
    `INSERT INTO registry_manifest (repository, ${manifestColumns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET used = excluded.used, media_type = excluded.media_type`,
    repository,
    digest,
    content,
    size,
    used,
    mediaType,
    subject ?? null,
    artifactType ?? null,
    annotations ?? null,
  )
  for (const target of targets)
    database.run(
      'INSERT OR IGNORE INTO registry_link (repository, manifest, target) VALUES (?, ?, ?)',
      repository,
      digest,
      target,
    )
  keepContent(database, rootOwner(repository), content)
}

/**
 * Delete a manifest with the tags that point at it. Within a transaction.
 *
 * @param now from when on those that it listed count as unused
 * @returns whether it was there
 */
export function deleteManifest(
  database: Database,
  repository: string,
  digest: string,
  now: number,
): boolean {
  const manifest = findManifest(database, repository, digest)
  if (!manifest) return false
  database.run(
    `UPDATE registry_manifest SET used = MAX(used, ?1) WHERE repository = ?2 AND digest IN (
       SELECT target FROM registry_link WHERE repository = ?2 AND manifest = ?3)`,
    now,
    repository,
    digest,
  )
  for (const sql of [
    'DELETE FROM registry_manifest WHERE repository = ? AND digest = ?',
    'DELETE FROM registry_tag WHERE repository = ? AND digest = ?',
    'DELETE FROM registry_link WHERE repository = ? AND manifest = ?',
  ])
    database.run(sql, repository, digest)
  dropUnused(database, repository, manifest.content)
  return true
}

/** The same content may be there as sha256 and as sha512, as a blob and as a manifest. */
function dropUnused(database: Database, repository: string, content: string): void {
  const other = database.get(
    `SELECT 1 AS used FROM registry_blob WHERE repository = ?1 AND content = ?2
     UNION ALL SELECT 1 FROM registry_manifest WHERE repository = ?1 AND content = ?2`,
    repository,
    content,
  )
  if (!other) dropContent(database, rootOwner(repository), content)
}

/** Manifests that are about another one, by digest, after `last`. */
export function listReferrers(
  database: Database,
  repository: string,
  subject: string,
  last: string,
): ManifestRow[] {
  return database
    .all(
      `SELECT ${manifestColumns} FROM registry_manifest
       WHERE repository = ? AND subject = ? AND digest > ? ORDER BY digest`,
      repository,
      subject,
      last,
    )
    .map(toManifest)
}

/** Bytes of a repository's content; each counts once. */
export function repositorySize(database: Database, repository: string): number {
  return sizeOf(
    database.get(
      `SELECT SUM(size) AS size FROM (
         SELECT content, size FROM registry_blob WHERE repository = ?1
         UNION SELECT content, size FROM registry_manifest WHERE repository = ?1)`,
      repository,
    ),
  )
}

/** Bytes of the content of all repositories; what several have counts once. */
export function totalSize(database: Database): number {
  return sizeOf(
    database.get(
      `SELECT SUM(size) AS size FROM (
         SELECT content, size FROM registry_blob UNION SELECT content, size FROM registry_manifest)`,
    ),
  )
}

export const manifestColumns =
  'digest, content, size, used, media_type, subject, artifact_type, annotations'

function sizeOf(row: SqlRow | undefined): number {
  return Number(row?.['size'] ?? 0)
}

function toBlob(row: SqlRow): BlobRow {
  return {
    digest: String(row['digest']),
    content: String(row['content']),
    size: Number(row['size']),
    used: Number(row['used']),
  }
}

function toManifest(row: SqlRow): ManifestRow {
  const text = (column: string): string | undefined => {
    const value = row[column]
    return typeof value === 'string' ? value : undefined
  }
  return {
    ...toBlob(row),
    mediaType: String(row['media_type']),
    subject: text('subject'),
    artifactType: text('artifact_type'),
    annotations: text('annotations'),
  }
}
