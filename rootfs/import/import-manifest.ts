import { OperationError } from '../../native/error.ts'
import { formatReference, parseReference, withDefaultTag } from '../reference.ts'
import { addImage } from '../store/add-image.ts'
import { hostImageArchitecture } from '../store/add-built-image.ts'
import { type StoredLayer, addLayer } from '../store/add-layer.ts'
import type { BlobSource } from '../store/blob-source.ts'
import { layerInFile } from '../store/blob-source.ts'
import type { Image } from '../store/image.ts'
import { type ImageConfiguration, parseImageConfiguration } from '../store/image-config.ts'
import type { ImageStore } from '../store/image-store.ts'
import { mergedAccounts } from '../store/merged-accounts.ts'
import { storeBlob } from '../store/write-blob.ts'

/** A layer to be imported: where it lies, and its digest if a manifest names it. */
export interface LayerSource {
  readonly source: BlobSource
  readonly digest?: string | undefined
}

export interface ImageParts {
  /** Bytes of the configuration; checked against its digest already. */
  readonly config: Buffer
  readonly layers: readonly LayerSource[]
  readonly references: readonly string[]
  /** Bytes of the manifest, made from what the layers turned out to be where the archive has none. */
  manifest(layers: readonly StoredLayer[]): Buffer
  readonly onNote: (note: string) => void
}

export interface LoadedImage {
  readonly image: Image
  /** Full references that the archive gave it; it may have others. */
  readonly references: readonly string[]
}

function fullReference(reference: string): string {
  return formatReference(withDefaultTag(parseReference(reference)))
}

/** Bring an image into the store: layers in order, then configuration and manifest, then its entry. */
export async function importParts(store: ImageStore, parts: ImageParts): Promise<LoadedImage> {
  const { folders } = store
  const configuration = parseImageConfiguration(parts.config.toString())
  requireLayerCount(configuration, parts.layers.length)
  noteForeignArchitecture(configuration, parts.onNote)
  const layers: StoredLayer[] = []
  for (const [at, { source, digest }] of parts.layers.entries())
    layers.push(
      await addLayer(folders, {
        source: layerInFile(source),
        digest,
        diffId: configuration.diffIds[at],
        below: layers.map((layer) => layer.chainId),
        onNote: parts.onNote,
      }),
    )
  const id = await storeBlob(folders, parts.config)
  const digest = await storeBlob(folders, parts.manifest(layers))
  const chainIds = layers.map((layer) => layer.chainId)
  const size = layers.reduce((sum, layer) => sum + layer.size, 0)
  const { config } = configuration
  const record = { config, chainIds, size, ...mergedAccounts(folders, chainIds) }
  const { references } = parts
  const image = addImage(store, { id, digest, record, references })
  return { image, references: references.map(fullReference) }
}

function requireLayerCount(configuration: ImageConfiguration, layers: number): void {
  if (configuration.diffIds.length === layers) return
  throw new OperationError('INVALID_IMAGE', 'match layers with the configuration', {
    layers,
    diffIds: configuration.diffIds.length,
  })
}

function noteForeignArchitecture(
  { config }: ImageConfiguration,
  onNote: (note: string) => void,
): void {
  const host = hostImageArchitecture()
  if (config.architecture !== '' && config.architecture !== host)
    onNote(`the image is for ${config.os}/${config.architecture}, this machine is linux/${host}`)
}
