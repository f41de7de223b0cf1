import { addBuiltImage, hostImageArchitecture } from './add-built-image.ts'
import { addLayer } from './add-layer.ts'
import type { LayerInput } from './blob-source.ts'
import type { Image } from './image.ts'
import type { ImageStore } from './image-store.ts'
import { withLease } from './lease.ts'

/** An image that is made here of one layer. */
export interface SingleLayerImage {
  readonly layer: LayerInput
  /** The "config" object of the image configuration, in OCI spelling. */
  readonly config: Readonly<Record<string, unknown>>
  /** Absent: this machine's. */
  readonly platform?: {
    readonly os: string
    readonly architecture: string
    readonly variant?: string | undefined
  }
  /** RFC 3339; the digest depends on it. */
  readonly created: string
  readonly createdBy: string
  readonly comment?: string | undefined
  readonly references: readonly string[]
  readonly onNote: (note: string) => void
}

/** Store a layer made here, with a configuration and a manifest of our own. */
export async function addSingleLayerImage(
  store: ImageStore,
  built: SingleLayerImage,
): Promise<Image> {
  const { created, createdBy, comment, onNote, references } = built
  const { os = 'linux', architecture = hostImageArchitecture(), variant } = built.platform ?? {}
  const step = { created, created_by: createdBy, ...(comment === undefined ? {} : { comment }) }
  return withLease(store, async (lease) =>
    addBuiltImage(lease, {
      layers: [await addLayer(lease, { source: built.layer, below: [], onNote })],
      configuration: {
        created,
        architecture,
        ...(variant === undefined ? {} : { variant }),
        os,
        config: built.config,
        history: [step],
      },
      references,
    }),
  )
}
