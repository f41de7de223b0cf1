import { closeSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireSuccess } from '../../native/ffi/library.ts'
import { syncFileSystem } from '../../native/file-sync.ts'
import { type LayerNote, notePath, readLayerNote } from './layer-note.ts'
import type { Lease } from './lease.ts'
import { digestHex } from './store-folders.ts'

/**
 * Make sure that the disk has these layers, which an image is to refer to: with one syncfs(2) for all of
 * them, not file by file. Until then a layer is believed only in the boot that unpacked it.
 */
export function syncLayers(lease: Lease, chainIds: readonly string[]): void {
  const { folders } = lease
  const unsynced = chainIds.flatMap((chainId) => {
    const note = readLayerNote(folders, chainId)
    return note?.unsyncedSince === undefined ? [] : [{ chainId, note }]
  })
  if (unsynced.length === 0) return
  sync(folders.layers)
  for (const { chainId, note } of unsynced) {
    const { unsyncedSince: _, ...synced } = note
    const temporary = join(lease.folder, `note-${digestHex(chainId)}`)
    writeFileSync(temporary, JSON.stringify(synced satisfies LayerNote), { flush: true })
    renameSync(temporary, notePath(folders, chainId))
  }
}

function sync(path: string): void {
  const folder = openSync(path, 'r')
  try {
    requireSuccess(syncFileSystem(folder), 'sync a file system', { path })
  } finally {
    closeSync(folder)
  }
}
