import { mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { replaceFile, writeBlobFile } from './blob-file.ts'
import type { ImageDestination } from './image-destination.ts'

/** Of the format that skopeo and podman call `dir:`. */
const version = 'Directory Transport Version: 1.1\n'

/** One image in a folder: its manifest in `manifest.json`, blobs under their hexadecimal digests. */
export function folderDestination(folder: string, label: string): ImageDestination {
  mkdirSync(folder, { recursive: true })
  return {
    label,
    async putBlob(offer) {
      const path = join(folder, hexOf(offer.blob.digest))
      if (statSync(path, { throwIfNoEntry: false })?.size === offer.blob.size) return 'present'
      await writeBlobFile(path, offer)
      return 'copied'
    },
    async putManifest({ content, digest }, isRoot) {
      // What was there is another image from the first new blob on.
      if (isRoot) rmSync(join(folder, 'manifest.json'), { force: true })
      replaceFile(
        join(folder, isRoot ? 'manifest.json' : `${hexOf(digest)}.manifest.json`),
        content,
      )
    },
    finish: async () => replaceFile(join(folder, 'version'), version),
    close: () => Promise.resolve(),
  }
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1)
}
