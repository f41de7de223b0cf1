import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { parseManifest } from '../import/manifest.ts'
import type { Compression } from '../layer/decompress.ts'
import type { Image } from './image.ts'
import { parseImageConfiguration } from './image-config.ts'
import type { ImageStore } from './image-store.ts'
import { type StoredLayer, readLayerNote } from './layer-note.ts'
import { blobPath } from './store-folders.ts'

/** The layers of an image, lowest first, with the blobs that its manifest names. */
export function imageLayers({ folders }: ImageStore, image: Image): StoredLayer[] {
  const manifest = parseManifest(readFileSync(blobPath(folders, image.digest), 'utf8'), undefined)
  if (manifest.kind !== 'manifest')
    throw new OperationError('INTERNAL', 'list the layers of an image', { digest: image.digest })
  const { diffIds } = parseImageConfiguration(readFileSync(blobPath(folders, image.id), 'utf8'))
  return manifest.layers.map(({ digest, size, mediaType }, at) => {
    // The folder above "fs" is named after the chain id.
    const chainId = `sha256:${image.layerFolders[at]?.split('/').at(-2) ?? ''}`
    return {
      digest,
      blobSize: size,
      compression: compressionOf(mediaType),
      diffId: diffIds[at] ?? '',
      chainId,
      size: readLayerNote(folders, chainId)?.size ?? 0,
    }
  })
}

function compressionOf(mediaType: string): Compression {
  const ending = /[.+](gzip|zstd)$/.exec(mediaType)?.[1]
  return ending === 'gzip' || ending === 'zstd' ? ending : 'none'
}
