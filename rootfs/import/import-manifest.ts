import { OperationError } from '../../native/error.ts'
import { formatReference, parseReference, withDefaultTag } from '../reference.ts'
import { addImage } from '../store/add-image.ts'
import { addLayer } from '../store/add-layer.ts'
import { type BlobSource, layerInFile } from '../store/blob-source.ts'
import type { Image } from '../store/image.ts'
import { parseImageConfiguration } from '../store/image-config.ts'
import type { StoredLayer } from '../store/layer-note.ts'
import type { Lease } from '../store/lease.ts'
import { storeBlob } from '../store/write-blob.ts'
import {
  imageRecord,
  noteForeignArchitecture,
  requireLayerCount,
} from './add-image-from-manifest.ts'

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
  /** Indexes that led to the manifest, as they came. */
  readonly indexes?: readonly Buffer[] | undefined
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
export async function importParts(lease: Lease, parts: ImageParts): Promise<LoadedImage> {
  const configuration = parseImageConfiguration(parts.config.toString())
  requireLayerCount(configuration, parts.layers.length)
  noteForeignArchitecture(configuration, parts.onNote)
  const layers: StoredLayer[] = []
  for (const [at, { source, digest }] of parts.layers.entries())
    layers.push(
      await addLayer(lease, {
        source: layerInFile(source),
        digest,
        diffId: configuration.diffIds[at],
        below: layers.map((layer) => layer.chainId),
        onNote: parts.onNote,
      }).catch((error: unknown) => {
        throw ofLayer(error, `${at + 1} of ${parts.layers.length}`)
      }),
    )
  const id = await storeBlob(lease, parts.config)
  const digest = await storeBlob(lease, parts.manifest(layers))
  const indexes: string[] = []
  for (const index of parts.indexes ?? []) indexes.push(await storeBlob(lease, index))
  const { references } = parts
  const record = imageRecord(lease, configuration, layers)
  const image = addImage(lease, { id, digest, indexes, record, references })
  return { image, references: references.map(fullReference) }
}

function ofLayer(error: unknown, layer: string): unknown {
  if (!(error instanceof OperationError) || error.code !== 'INVALID_IMAGE') return error
  const { code, step, detail, hint, exitCode, cause } = error
  return new OperationError(code, step, { layer, ...detail }, { hint, exitCode, cause })
}
