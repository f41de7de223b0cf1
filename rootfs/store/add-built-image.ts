import { addImage } from './add-image.ts'
import { type StoredLayer, addLayer } from './add-layer.ts'
import { withAddition } from './addition.ts'
import type { LayerInput } from './blob-source.ts'
import type { Image } from './image.ts'
import { parseImageConfiguration } from './image-config.ts'
import type { ImageStore } from './image-store.ts'
import { mergedAccounts } from './merged-accounts.ts'
import { storeBlob } from './write-blob.ts'

/** An image that is made here of one layer. */
export interface BuiltImage {
  readonly layer: LayerInput
  /** The "config" object of the image configuration, in OCI spelling. */
  readonly config: Readonly<Record<string, unknown>>
  /** RFC 3339; the digest depends on it. */
  readonly created: string
  readonly createdBy: string
  readonly comment?: string | undefined
  readonly references: readonly string[]
  readonly onNote: (note: string) => void
}

const layerMediaType = 'application/vnd.oci.image.layer.v1.tar'
const suffixes = { none: '', gzip: '+gzip', zstd: '+zstd' } as const
const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json'
const configMediaType = 'application/vnd.oci.image.config.v1+json'

/** Store a layer made here, with a configuration and a manifest of our own. */
export async function addBuiltImage(store: ImageStore, built: BuiltImage): Promise<Image> {
  return withAddition(store, async () => {
    const { folders } = store
    const layer = await addLayer(folders, {
      source: built.layer,
      below: [],
      onNote: built.onNote,
    })
    const config = Buffer.from(JSON.stringify(configuration(built, layer)))
    const id = await storeBlob(folders, config)
    const manifest = Buffer.from(JSON.stringify(manifestOf(layer, id, config.length)))
    const digest = await storeBlob(folders, manifest)
    const parsed = parseImageConfiguration(config.toString())
    const record = {
      config: parsed.config,
      chainIds: [layer.chainId],
      size: layer.size,
      ...mergedAccounts(folders, [layer.chainId]),
    }
    return addImage(store, { id, digest, record, references: built.references })
  })
}

/** Architecture names of the OCI image specification (those of Go). */
export function hostImageArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}

function configuration(built: BuiltImage, layer: StoredLayer): object {
  return {
    created: built.created,
    architecture: hostImageArchitecture(),
    os: 'linux',
    config: built.config,
    rootfs: { type: 'layers', diff_ids: [layer.diffId] },
    history: [
      {
        created: built.created,
        created_by: built.createdBy,
        ...(built.comment === undefined ? {} : { comment: built.comment }),
      },
    ],
  }
}

function manifestOf(layer: StoredLayer, configDigest: string, configSize: number): object {
  const mediaType = `${layerMediaType}${suffixes[layer.compression]}`
  return {
    schemaVersion: 2,
    mediaType: manifestMediaType,
    config: { mediaType: configMediaType, digest: configDigest, size: configSize },
    layers: [{ mediaType, digest: layer.digest, size: layer.blobSize }],
  }
}
