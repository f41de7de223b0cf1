import { lock } from '../../native/lock.ts'
import { join } from 'node:path'
import { addSingleLayerImage } from '../store/add-single-layer-image.ts'
import type { Image } from '../store/image.ts'
import type { ImageStore } from '../store/image-store.ts'
import { makeStoreFolders } from '../store/store-folders.ts'
import { findProgram } from './add-program.ts'
import {
  addLoaderCache,
  addShellComforts,
  addSurroundings,
  defaultPath,
  newCollection,
} from './base-tree.ts'
import { curatedPrograms } from './curated-programs.ts'
import { currentHostImage, hostImageReference } from './ensure-host-image.ts'
import type { FileTree } from './file-tree.ts'
import { sourcesOf } from './source-list.ts'
import { treeLayer } from './tree-layer.ts'

/** Make the built-in image anew, once at a time on one store. */
export async function buildHostImage(
  store: ImageStore,
  onNote: (note: string) => void,
): Promise<Image> {
  makeStoreFolders(store.folders)
  const held = await lock(join(store.folders.root, 'host-image.lock'))
  try {
    // Somebody may have made it while this one waited.
    const made = currentHostImage(store)
    if (made) return made
    const programs = curatedPrograms()
    const tree = hostTree(programs)
    const image = await addSingleLayerImage(store, {
      layer: treeLayer(tree),
      config: { Env: [`PATH=${defaultPath}`], Cmd: ['/bin/sh'], WorkingDir: '/' },
      created: newestChange(tree),
      createdBy: 'from the programs of this host',
      references: [hostImageReference],
      onNote,
    })
    store.database().run(
      `INSERT INTO host_image (name, image_id, sources) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET image_id = excluded.image_id, sources = excluded.sources`,
      hostImageReference,
      image.id,
      JSON.stringify(sourcesOf(tree, programs)),
    )
    return image
  } finally {
    held.release()
  }
}

function hostTree(programs: readonly string[]): FileTree {
  const collection = newCollection()
  for (const name of programs) findProgram(collection, name)
  addSurroundings(collection)
  addShellComforts(collection)
  addLoaderCache(collection)
  return collection.tree
}

/** RFC 3339 time of the newest file: the image of the same files has the same digest. */
export function newestChange(tree: FileTree): string {
  let newest = 0
  for (const node of tree.values())
    if (node.kind === 'file') newest = Math.max(newest, node.mtimeMs)
  return new Date(Math.floor(newest / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}
