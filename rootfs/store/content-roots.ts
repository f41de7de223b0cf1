import type { Database } from './database.ts'
import { digestHex } from './store-folders.ts'

// What is kept besides images: an owner ("registry:library/app", "build-cache", …) names digests.
// A sweep keeps each of these blobs and, where it is a manifest or an index, all that it names,
// in turn. Owners keep tables of their own beside this one, in the same database, and change both
// in one transaction.

/**
 * Owners that begin so keep single blobs, and not what these name. A sweep need not open them, which
 * counts for who keeps a hundred thousand.
 */
export const blobOwnerPrefix = 'blobs:'

/** Keep a blob, and what it names, for this owner. Within a transaction or alone. */
export function keepContent(database: Database, owner: string, digest: string): void {
  digestHex(digest)
  database.run('INSERT OR IGNORE INTO content_root (owner, digest) VALUES (?, ?)', owner, digest)
}

/** This owner needs the blob no longer; the next sweep removes it where nobody else does. */
export function dropContent(database: Database, owner: string, digest: string): void {
  database.run('DELETE FROM content_root WHERE owner = ? AND digest = ?', owner, digest)
}

/** Digests that this owner keeps. */
export function keptContent(database: Database, owner: string): string[] {
  return database
    .all('SELECT digest FROM content_root WHERE owner = ? ORDER BY digest', owner)
    .map((row) => String(row['digest']))
}
