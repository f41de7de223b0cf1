import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LayerNote, StoredLayer } from './layer-note.ts'
import type { Lease } from './lease.ts'
import { digestHex } from './store-folders.ts'

/**
 * Give a folder, whose "fs" is a whole unpacked layer, its place. The rename is the moment from
 * which the layer is believed.
 */
export async function adoptLayer(lease: Lease, folder: string, layer: StoredLayer): Promise<void> {
  const { chainId, ...note } = layer
  await lease.hold(chainId, layer.digest)
  writeFileSync(join(folder, 'layer.json'), JSON.stringify(note satisfies LayerNote))
  const target = join(lease.folders.layers, digestHex(chainId))
  try {
    renameSync(folder, target)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    // Another process was faster, or it is here with another compression: both are the same files.
    if ((code !== 'ENOTEMPTY' && code !== 'EEXIST') || !existsSync(target)) throw cause
  }
}
