import { digestOf } from '../digest.ts'
import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { hostImageArchitecture } from '../store/add-built-image.ts'
import { addImage } from '../store/add-image.ts'
import { addStoredLayer } from '../store/add-stored-layer.ts'
import type { Image } from '../store/image.ts'
import { type ImageConfiguration, parseImageConfiguration } from '../store/image-config.ts'
import type { StoredLayer } from '../store/layer-note.ts'
import type { Lease } from '../store/lease.ts'
import { mergedAccounts } from '../store/merged-accounts.ts'
import { blobPath } from '../store/store-folders.ts'
import { storeBlob } from '../store/write-blob.ts'
import { type Descriptor, parseManifest } from './manifest.ts'

export interface ManifestInput {
  /** The manifest's bytes as they came: they are stored so, and pushed so. */
  readonly manifest: Buffer
  /** What the descriptor or the Content-Type says that it is; absent where nobody says. */
  readonly mediaType?: string | undefined
  /** Its digest as somebody promised it; checked. */
  readonly digest?: string | undefined
  /** Indexes that led to the manifest, outermost first: stored as they came; their digests name the image too. */
  readonly indexes?: readonly Buffer[] | undefined
  readonly references: readonly string[]
  /**
   * Called before a blob is needed, lowest layer first after the configuration; resolves once the
   * blob is in the store. So layers are unpacked while later ones still arrive. Absent: all are there.
   */
  readonly fetchBlob?: ((descriptor: Descriptor) => Promise<void>) | undefined
  /** A layer has been unpacked, or was there. */
  readonly onLayer?: ((layer: StoredLayer) => void) | undefined
  readonly onNote: (note: string) => void
}

/**
 * Enter an image whose blobs are in the store, or come while this runs (`beginBlob`): checks
 * everything against the manifest, unpacks the layers in order, and enters the image at the end.
 * Whoever dies before that leaves nothing that is believed.
 *
 * @throws {OperationError} `INVALID_IMAGE`
 */
export async function addImageFromManifest(lease: Lease, input: ManifestInput): Promise<Image> {
  const manifest = parseManifest(input.manifest.toString(), input.mediaType)
  if (manifest.kind !== 'manifest')
    throw new OperationError('INVALID_IMAGE', 'add an image', { reason: 'it is an index' })
  const config = await readConfig(lease, manifest.config, input)
  const configuration = parseImageConfiguration(config)
  requireLayerCount(configuration, manifest.layers.length)
  noteForeignArchitecture(configuration, input.onNote)
  const layers = await addLayers(lease, manifest.layers, configuration, input)
  const digest = await storeBlob(lease, input.manifest, input.digest)
  const indexes: string[] = []
  for (const index of input.indexes ?? []) indexes.push(await storeBlob(lease, index))
  return addImage(lease, {
    id: manifest.config.digest,
    digest,
    indexes,
    record: imageRecord(lease, configuration, layers),
    references: input.references,
  })
}

export function imageRecord(
  lease: Lease,
  { config }: ImageConfiguration,
  layers: readonly StoredLayer[],
): Parameters<typeof addImage>[1]['record'] {
  const chainIds = layers.map((layer) => layer.chainId)
  const size = layers.reduce((sum, layer) => sum + layer.size, 0)
  return { config, chainIds, size, ...mergedAccounts(lease.folders, chainIds) }
}

async function addLayers(
  lease: Lease,
  descriptors: readonly Descriptor[],
  { diffIds }: ImageConfiguration,
  { fetchBlob, onLayer, onNote }: ManifestInput,
): Promise<StoredLayer[]> {
  const layers: StoredLayer[] = []
  for (const [at, descriptor] of descriptors.entries()) {
    const { digest } = descriptor
    await lease.hold(digest)
    await fetchBlob?.(descriptor)
    const below = layers.map((layer) => layer.chainId)
    const layer = await addStoredLayer(lease, { digest, diffId: diffIds[at] ?? '', below, onNote })
    requireSize(descriptor, layer.blobSize)
    layers.push(layer)
    onLayer?.(layer)
  }
  return layers
}

const maxConfig = 4 * 1024 * 1024

async function readConfig(
  lease: Lease,
  descriptor: Descriptor,
  { fetchBlob }: ManifestInput,
): Promise<string> {
  if (descriptor.size > maxConfig)
    throw new OperationError('INVALID_IMAGE', 'read an image configuration', {
      bytes: descriptor.size,
      limit: maxConfig,
    })
  await lease.hold(descriptor.digest)
  await fetchBlob?.(descriptor)
  let content: Buffer
  try {
    content = readFileSync(blobPath(lease.folders, descriptor.digest))
  } catch (cause) {
    const detail = { digest: descriptor.digest }
    throw new OperationError('INVALID_IMAGE', 'read an image configuration', detail, { cause })
  }
  requireSize(descriptor, content.length)
  requireDigest(content, descriptor.digest)
  return content.toString()
}

function requireSize({ digest, size }: Descriptor, actual: number): void {
  if (size === actual) return
  const detail = { digest, expected: size, actual }
  throw new OperationError('INVALID_IMAGE', 'check the size of a blob', detail)
}

/** @throws {OperationError} `INVALID_IMAGE` */
export function requireDigest(content: Buffer, expected: string): void {
  const actual = digestOf(content)
  if (actual !== expected)
    throw new OperationError('INVALID_IMAGE', 'check the digest of a blob', { expected, actual })
}

export function requireLayerCount({ diffIds }: ImageConfiguration, layers: number): void {
  if (diffIds.length === layers) return
  throw new OperationError('INVALID_IMAGE', 'match layers with the configuration', {
    layers,
    diffIds: diffIds.length,
  })
}

export function noteForeignArchitecture(
  { config }: ImageConfiguration,
  onNote: (note: string) => void,
): void {
  const host = hostImageArchitecture()
  if (config.architecture !== '' && config.architecture !== host)
    onNote(`the image is for ${config.os}/${config.architecture}, this machine is linux/${host}`)
}
