import { randomUUID } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootId } from '../../native/boot-id.ts'
import { type LayerNote, type StoredLayer } from './layer-note.ts'
import type { Lease } from './lease.ts'
import { blobPath, digestHex } from './store-folders.ts'
import { syncLayers } from './sync-layers.ts'

/** Put a folder with a whole "fs" in the place of a damaged layer that nobody uses. */
export function repairLayer(lease: Lease, layer: StoredLayer, fresh: string): void {
  const { chainId, ...known } = layer
  const note: LayerNote = { ...known, unsyncedSince: bootId() }
  writeFileSync(join(fresh, 'layer.json'), JSON.stringify(note))
  const target = join(lease.folders.layers, digestHex(chainId))
  moveAway(lease, target)
  renameSync(fresh, target)
  syncLayers(lease, [chainId])
}

/** A blob that is not what its name says must not be believed by anybody. */
export function removeBlob(lease: Lease, digest: string): void {
  moveAway(lease, blobPath(lease.folders, digest))
}

function moveAway(lease: Lease, path: string): void {
  try {
    renameSync(path, join(lease.folder, `damaged-${randomUUID()}`))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
