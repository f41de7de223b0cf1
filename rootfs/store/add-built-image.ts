import { digestOf } from '../digest.ts'
import { formatReference, parseReference, withDefaultTag } from '../reference.ts'
import { addImage } from './add-image.ts'
import { announceImage } from './image-events.ts'
import type { Image } from './image.ts'
import { parseImageConfiguration } from './image-config.ts'
import { loadImage } from './image-store.ts'
import type { StoredLayer } from './layer-note.ts'
import type { Lease } from './lease.ts'
import { type ImageFormat, configMediaTypes, formatManifest } from './format-manifest.ts'
import { mergedAccounts } from './merged-accounts.ts'
import { storeBlob } from './write-blob.ts'

/** An image that is made here, of layers that `addLayer` or `imageLayers` gave. */
export interface BuiltImage {
  /** Lowest first; of a base image, of earlier steps and new ones alike. */
  readonly layers: readonly StoredLayer[]
  /**
   * The whole image configuration but for `rootfs`, which the layers make: `created`, `author`,
   * `architecture`, `os`, `variant`, `config`, `history`, … in OCI spelling. Written as it is, so
   * that fields nobody here knows stay.
   */
  readonly configuration: Readonly<Record<string, unknown>>
  /** Annotations of the manifest; docker's format has none. */
  readonly annotations?: Readonly<Record<string, string>> | undefined
  /** Absent: 'oci'. */
  readonly format?: ImageFormat | undefined
  readonly references: readonly string[]
}

/** Store a configuration and a manifest made here, and enter the image. The same input gives the same digest. */
export async function addBuiltImage(lease: Lease, built: BuiltImage): Promise<Image> {
  const { layers, references, format = 'oci' } = built
  const config = Buffer.from(JSON.stringify(withRootfs(built.configuration, layers)))
  const { config: parsed } = parseImageConfiguration(config.toString())
  const id = digestOf(config)
  const descriptor = { mediaType: configMediaTypes[format], digest: id, size: config.length }
  const manifest = formatManifest(format, descriptor, layers, built.annotations)
  const digest = digestOf(manifest)
  const known = knownImage(lease, { id, digest, references })
  if (known) return known
  await storeBlob(lease, config, id)
  await storeBlob(lease, manifest, digest)
  const chainIds = layers.map((layer) => layer.chainId)
  const record = {
    config: parsed,
    chainIds,
    size: layers.reduce((sum, layer) => sum + layer.size, 0),
    ...mergedAccounts(lease.folders, chainIds),
  }
  const image = addImage(lease, { id, digest, record, references })
  for (const name of references) announceImage(lease.store, 'tag', id, name)
  return image
}

/** The image where it is here already, under all these names: then there is nothing to write. */
function knownImage(
  { store }: Lease,
  { id, digest, references }: { id: string; digest: string; references: readonly string[] },
): Image | undefined {
  const image = loadImage(store.database(), store.folders, id)
  if (image?.digest !== digest) return undefined
  const names = references.map((each) => formatReference(withDefaultTag(parseReference(each))))
  return names.every((name) => image.references.includes(name)) ? image : undefined
}

/** Architecture names of the OCI image specification (those of Go). */
export function hostImageArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}

/** `rootfs` stands where docker writes it, before the history. */
function withRootfs(
  configuration: Readonly<Record<string, unknown>>,
  layers: readonly StoredLayer[],
): object {
  const { history, rootfs: _, ...rest } = configuration
  return {
    ...rest,
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    ...(history === undefined ? {} : { history }),
  }
}
