import { randomUUID } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootId } from '../../native/boot-id.ts'
import { type LayerNote, type StoredLayer, readLayerNote } from './layer-note.ts'
import type { Lease } from './lease.ts'
import { digestHex } from './store-folders.ts'

/**
 * Give a folder, whose "fs" is a whole unpacked layer, its place. The rename is the moment from
 * which the layer is believed, at first only until the machine stops: see `sync-layers.ts`.
 */
export async function adoptLayer(lease: Lease, folder: string, layer: StoredLayer): Promise<void> {
  const { folders } = lease
  const { chainId, ...known } = layer
  await lease.hold(chainId, layer.digest)
  const note: LayerNote = { ...known, unsyncedSince: bootId() }
  writeFileSync(join(folder, 'layer.json'), JSON.stringify(note))
  const target = join(folders.layers, digestHex(chainId))
  if (renameTo(folder, target)) return
  // Another process was faster, or it is here with another compression: both are the same files.
  if (readLayerNote(folders, chainId)) return
  renameSync(target, join(lease.folder, `damaged-${randomUUID()}`))
  renameTo(folder, target)
}

/** @returns false where something is there already */
function renameTo(folder: string, target: string): boolean {
  try {
    renameSync(folder, target)
    return true
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false
    throw cause
  }
}
