import { closeSync } from 'node:fs'
import { hasCode } from '../../native/error.ts'
import { openMergedRoot } from '../../rootfs/merged-root.ts'
import { openRoot } from '../../rootfs/path-in-root.ts'
import { readTree } from './copy/read-tree.ts'
import { createTreeWriter } from './copy/write-tree.ts'
import type { FileView } from './file-view/file-view.ts'
import { viewOf } from './file-view/host-view.ts'
import { toRaw } from '../../native/raw-text.ts'
import { type Place, walkPath } from './file-view/walk-path.ts'

/**
 * Copy what an image has at a volume's destination into a new, empty folder, as docker does:
 * owners, modes, times, links and attributes, those of the destination itself too. Where the image
 * has no folder there, nothing happens.
 *
 * @param layerFolders lowest first
 * @param destination path in the container; symbolic links of the image are followed inside it
 */
export async function fillVolume(
  layerFolders: readonly string[],
  destination: string,
  folder: string,
): Promise<void> {
  const image = viewOf(openMergedRoot(layerFolders).descriptor)
  try {
    const source = findFolder(image, destination)
    if (!source) return
    try {
      await fillFrom(image, source, folder)
    } finally {
      source.close()
    }
  } finally {
    image.close()
  }
}

function findFolder(image: FileView, destination: string): Place | undefined {
  try {
    const place = walkPath(image, toRaw(destination), true)
    if (place.status?.isDirectory()) return place
    place.close()
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND') && !hasCode(error, 'INVALID_ARGUMENT')) throw error
  }
  return undefined
}

async function fillFrom(image: FileView, source: Place, folder: string): Promise<void> {
  const view = viewOf(openRoot(folder).descriptor)
  try {
    const sink = createTreeWriter({
      view,
      target: walkPath(view, '/', true),
      ownerOf: ({ uid, gid }) => ({ uid, gid }),
      keepAttributes: true,
      setTarget: true,
      followLinks: false,
      // What an ordinary user cannot make, the unpacked image has not either.
      onNote: () => undefined,
    })
    try {
      await readTree(image, source, '', sink)
      sink.finish()
    } finally {
      sink.close()
    }
  } finally {
    closeSync(view.root)
  }
}
