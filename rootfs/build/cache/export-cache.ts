import { closeSync, openSync } from 'node:fs'
import { parseReference } from '../../reference.ts'
import { digestOf } from '../../digest.ts'
import { putManifest } from '../../registry-client/manifests.ts'
import type { RegistryAccess } from '../../registry-client/registry-access.ts'
import type { Repository } from '../../registry-client/repository.ts'
import { uploadBlob } from '../../registry-client/upload-blob.ts'
import { readPieces } from '../../store/blob-source.ts'
import { layerMediaType, manifestMediaTypes } from '../../store/format-manifest.ts'
import type { StoredLayer } from '../../store/layer-note.ts'
import type { Lease } from '../../store/lease.ts'
import { blobPath } from '../../store/store-folders.ts'
import { cacheArtifactType, cacheConfigType, formatCacheDocument } from './cache-document.ts'
import type { CacheEntry } from './step-cache.ts'

export interface CacheExport {
  /** Registry, repository and tag. */
  readonly name: string
  /** Steps by key. Those whose layer never came here are to be left out. */
  readonly entries: ReadonlyMap<string, CacheEntry>
  readonly onNote: (text: string) => void
}

/** Send the steps of a build to a registry (`--cache-to`). What is there under this name is replaced. */
export async function exportCache(
  lease: Lease,
  access: RegistryAccess,
  { name, entries, onNote }: CacheExport,
): Promise<void> {
  const reference = parseReference(name)
  const repository = await access.pushTo(reference)
  const layers = new Map<string, StoredLayer>()
  for (const { layer } of entries.values()) if (layer) layers.set(layer.digest, layer)
  for (const layer of layers.values()) await sendLayer(lease, repository, layer, onNote)
  const config = formatCacheDocument(entries)
  await sendContent(repository, config)
  const content = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestMediaTypes.oci,
      artifactType: cacheArtifactType,
      config: { mediaType: cacheConfigType, digest: digestOf(config), size: config.length },
      layers: [...layers.values()].map(({ compression, digest, blobSize }) => ({
        mediaType: layerMediaType('oci', compression),
        digest,
        size: blobSize,
      })),
    }),
  )
  const manifest = { content, mediaType: manifestMediaTypes.oci, digest: digestOf(content) }
  await putManifest(repository, reference.tag ?? 'latest', manifest)
}

async function sendContent(repository: Repository, content: Buffer): Promise<void> {
  const pieces = (offset: number): Uint8Array[] => [content.subarray(offset)]
  await uploadBlob(repository, { digest: digestOf(content), size: content.length, pieces })
}

async function sendLayer(
  lease: Lease,
  repository: Repository,
  { digest, blobSize }: StoredLayer,
  onNote: (text: string) => void,
): Promise<void> {
  const descriptor = openSync(blobPath(lease.folders, digest), 'r')
  try {
    const pieces = (offset: number): Iterable<Buffer> =>
      readPieces({ descriptor, offset, size: blobSize - offset })
    await uploadBlob(repository, { digest, size: blobSize, pieces, onNote })
  } finally {
    closeSync(descriptor)
  }
}
