import { type BigIntStats, lstatSync, readdirSync } from 'node:fs'
import { isWhiteoutDevice } from './folder-entry.ts'
import { isOpaquePath } from './opaque-folder.ts'

/** A file of an image as its joined layers show it. */
export interface MergedNode {
  /** Where the file lies: in the highest layer that has it. Bytes of the absolute path. */
  readonly path: Buffer
  readonly status: BigIntStats
  /** By name, one character per byte; empty for what is no folder. */
  readonly children: Map<string, MergedNode>
}

/**
 * What overlayfs would show, found by reading the layers: without a mount, and so without any
 * right. Nothing in a layer is followed.
 *
 * @param layerFolders lowest first
 */
export function mergedTree(layerFolders: readonly string[]): MergedNode {
  const [lowest = '', ...others] = layerFolders
  const root = makeNode(Buffer.from(lowest))
  addLayer(root, root.path)
  for (const layer of others) addLayer(root, Buffer.from(layer))
  return root
}

function makeNode(path: Buffer): MergedNode {
  return { path, status: lstatSync(path, { bigint: true }), children: new Map() }
}

function addLayer(node: MergedNode, folder: Buffer): void {
  for (const name of readdirSync(folder, 'latin1')) {
    const above = makeNode(childPath(folder, name))
    const below = node.children.get(name)
    if (isWhiteoutDevice(above.status)) node.children.delete(name)
    else if (!above.status.isDirectory()) node.children.set(name, above)
    else {
      const shown =
        below?.status.isDirectory() && !isOpaquePath(Buffer.concat([above.path, Buffer.of(0)]))
          ? below
          : undefined
      const merged = { ...above, children: shown?.children ?? new Map<string, MergedNode>() }
      addLayer(merged, above.path)
      node.children.set(name, merged)
    }
  }
}

function childPath(folder: Buffer, name: string): Buffer {
  return Buffer.concat([folder, Buffer.from(`/${name}`, 'latin1')])
}
