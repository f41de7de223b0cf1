import { readFileSync, statSync } from 'node:fs'
import { isDigest } from '../reference.ts'
import { blobOwnerPrefix } from './content-roots.ts'
import type { Database } from './database.ts'
import type { ImageRecord } from './image.ts'
import type { ImageStore } from './image-store.ts'
import { readLayerNote } from './layer-note.ts'
import { type StoreFolders, blobPath, digestHex } from './store-folders.ts'

const maxDocument = 4 * 1024 * 1024

/**
 * Names (hexadecimal parts of digests and chain ids) of all blobs and layers that images, named
 * documents and registered roots need.
 */
export function contentInUse(store: ImageStore): Set<string> {
  const { folders } = store
  const database = store.database()
  const used = new Set<string>()
  for (const row of database.all('SELECT id, record FROM image')) {
    used.add(digestHex(String(row['id'])))
    const record = JSON.parse(String(row['record'])) as ImageRecord
    for (const chainId of record.chainIds) {
      used.add(digestHex(chainId))
      const note = readLayerNote(folders, chainId)
      if (note) used.add(digestHex(note.digest))
    }
  }
  for (const digest of rootDigests(database)) addReachable(folders, digest, used)
  for (const row of database.all(
    'SELECT DISTINCT digest FROM content_root WHERE owner GLOB ?',
    `${blobOwnerPrefix}*`,
  ))
    used.add(digestHex(String(row['digest'])))
  return used
}

function rootDigests(database: Database): string[] {
  return database
    .all(
      `SELECT digest FROM image UNION SELECT digest FROM image_manifest
       UNION SELECT digest FROM document
       UNION SELECT digest FROM content_root WHERE owner NOT GLOB ?`,
      `${blobOwnerPrefix}*`,
    )
    .map((row) => String(row['digest']))
}

/** The blob, and all that it names where it is a manifest or an index. */
function addReachable(folders: StoreFolders, root: string, used: Set<string>): void {
  const seen = new Set<string>()
  const open = [root]
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (seen.has(digest)) continue
    seen.add(digest)
    used.add(digestHex(digest))
    const document = readManifest(blobPath(folders, digest))
    if (!document) continue
    const { config, layers, blobs, manifests } = document
    for (const leaf of digestsOf([config, layers, blobs])) used.add(digestHex(leaf))
    open.push(...digestsOf([manifests]))
  }
}

function digestsOf(descriptors: readonly unknown[]): string[] {
  return descriptors
    .flat()
    .map((item) => (item as { digest?: unknown } | null | undefined)?.digest)
    .filter((item) => typeof item === 'string')
    .filter((item) => isDigest(item) && item.startsWith('sha256:'))
}

/** @returns undefined for what is no manifest or index, or not there */
function readManifest(path: string): Record<string, unknown> | undefined {
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status || status.size > maxDocument) return undefined
  try {
    const document = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown> | null
    return document?.['schemaVersion'] === 2 ? document : undefined
  } catch {
    return undefined
  }
}
