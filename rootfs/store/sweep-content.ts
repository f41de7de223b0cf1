import { randomUUID } from 'node:crypto'
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lock, tryLock } from '../../native/lock.ts'
import type { ImageStore } from './image-store.ts'
import { partialPrefix } from './ingest-blob.ts'
import { readLayerNote } from './layer-note.ts'
import { type Lease, readLeases, withLease } from './lease.ts'
import { contentInUse } from './content-in-use.ts'
import { removeFolder } from './remove-folder.ts'
import type { StoreFolders } from './store-folders.ts'

export interface SweepOptions {
  /** Blobs that arrived in part and that nobody is bringing at the moment are kept this long. */
  readonly keepPartialMs?: number | undefined
}

export interface SweepResult {
  /** Bytes given back, as far as they are known. */
  readonly freed: number
}

const dayMs = 24 * 60 * 60 * 1000
const waitMs = 60_000

/**
 * Remove every blob and layer that neither an image, nor a root (`content-roots.ts`), nor a living
 * lease needs, and what dead processes left half made. Safe at any time beside everything else:
 * under the lock things are only renamed away, so nobody waits for the deletion itself.
 */
export async function sweepContent(
  store: ImageStore,
  { keepPartialMs = dayMs }: SweepOptions = {},
): Promise<SweepResult> {
  return withLease(store, async (lease) => {
    const held = await lock(store.folders.contentLock, 'exclusive', waitMs)
    let swept: { freed: number; rubbish: string[] }
    try {
      swept = renameAway(lease, keepPartialMs)
    } finally {
      held.release()
    }
    for (const path of swept.rubbish) removeFolder(path)
    return { freed: swept.freed }
  })
}

/** Nothing here waits: whoever adds or looks for content waits for it. */
function renameAway(lease: Lease, keepPartialMs: number): { freed: number; rubbish: string[] } {
  const { store, folders } = lease
  // Leases first: what is entered into the database between the two readings is in one of them.
  const { held, dead } = readLeases(folders)
  const used = contentInUse(store)
  const isUsed = (name: string): boolean => held.has(name) || used.has(name)
  const rubbish = [...dead]
  let freed = 0
  const discard = (path: string): void => {
    const target = join(lease.folder, `removed-${randomUUID()}`)
    renameSync(path, target)
    rubbish.push(target)
  }
  for (const name of readdirSync(folders.layers).filter((name) => !isUsed(name))) {
    freed += readLayerNote(folders, `sha256:${name}`)?.size ?? 0
    discard(join(folders.layers, name))
  }
  for (const name of readdirSync(folders.blobs).filter((name) => !isUsed(name))) {
    const path = join(folders.blobs, name)
    freed += statSync(path, { throwIfNoEntry: false })?.size ?? 0
    discard(path)
  }
  for (const path of leftovers(folders, keepPartialMs)) discard(path)
  removeFreeLocks(folders)
  return { freed, rubbish }
}

/** What lies in tmp/ and belongs to no lease: blobs that arrived in part, and rubbish. */
function leftovers(folders: StoreFolders, keepPartialMs: number): string[] {
  return readdirSync(folders.temporary).flatMap((name) => {
    if (name.startsWith('lease-')) return []
    const path = join(folders.temporary, name)
    return name.startsWith(partialPrefix) && !isStale(folders, name, keepPartialMs) ? [] : [path]
  })
}

function isStale(folders: StoreFolders, name: string, keepMs: number): boolean {
  const path = join(folders.temporary, name)
  const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (Date.now() - changed < keepMs) return false
  const rest = name.slice(partialPrefix.length)
  return isFree(folders, rest.startsWith('upload-') ? rest : `blob-${rest}`)
}

function isFree(folders: StoreFolders, lockName: string): boolean {
  const taken = tryLock(join(folders.locks, lockName))
  taken?.release()
  return taken !== undefined
}

/** Who takes one of these locks holds the content lock meanwhile, so nobody can be about to. */
function removeFreeLocks(folders: StoreFolders): void {
  for (const name of readdirSync(folders.locks))
    if (isFree(folders, name)) rmSync(join(folders.locks, name), { force: true })
}
