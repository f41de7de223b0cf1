import { OperationError, hasCode } from '../../../native/error.ts'
import { noBlobLocations } from '../../copy/blob-locations.ts'
import type { ImageSource } from '../../copy/image-source.ts'
import { registrySource } from '../../copy/registry-source.ts'
import { parseReference } from '../../reference.ts'
import { parseObject } from '../../registry-client/manifests.ts'
import type { RegistryAccess } from '../../registry-client/registry-access.ts'
import { addStoredLayer } from '../../store/add-stored-layer.ts'
import { beginBlob } from '../../store/ingest-blob.ts'
import type { Lease } from '../../store/lease.ts'
import { cacheConfigType, parseCacheDocument } from './cache-document.ts'
import type { CacheEntry } from './step-cache.ts'

/** Steps that were built elsewhere. */
export interface RemoteCache {
  /** As the user named it. */
  readonly name: string
  find(key: string, parentChain: string): CacheEntry | undefined
  /** Bring the layer of an entry into the store. @throws {OperationError} */
  fetch(lease: Lease, entry: CacheEntry, below: readonly string[]): Promise<void>
}

const plain = { urls: [], platform: undefined }
const maxDocument = 64 * 1024 * 1024

/**
 * Read which steps a registry has (`--cache-from`).
 *
 * @returns undefined where there is no such cache yet
 * @throws {OperationError} `INVALID_IMAGE`, `UNREACHABLE`, `ACCESS_DENIED`, …
 */
export async function openRemoteCache(
  access: RegistryAccess,
  name: string,
  onNote: (text: string) => void,
): Promise<RemoteCache | undefined> {
  const source = await openSource(access, name, onNote)
  if (!source) return undefined
  const entries = parseCacheDocument((await readConfig(source, name)).toString())
  return {
    name,
    find(key, parentChain) {
      const entry = entries.get(key)
      return entry?.parentChain === parentChain ? entry : undefined
    },
    async fetch(lease, { layer }, below) {
      if (!layer) return
      const { digest, diffId, blobSize, chainId } = layer
      await bringBlob(lease, source, { digest, size: blobSize })
      const added = await addStoredLayer(lease, { digest, diffId, below, onNote })
      if (added.chainId !== chainId)
        throw new OperationError('INVALID_IMAGE', 'take a step from a build cache', {
          name,
          digest,
        })
    },
  }
}

async function openSource(
  access: RegistryAccess,
  name: string,
  onNote: (text: string) => void,
): Promise<ImageSource | undefined> {
  const reference = parseReference(name)
  try {
    return await registrySource({ access, reference, locations: noBlobLocations, onNote })
  } catch (error) {
    // The first build of all finds nothing.
    if (hasCode(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

async function readConfig(source: ImageSource, name: string): Promise<Buffer> {
  const { content } = await source.root()
  const manifest = parseObject(content, { name })
  const config = manifest['config'] as { mediaType?: unknown; digest?: unknown; size?: unknown }
  const { mediaType, digest, size } = config ?? {}
  if (mediaType !== cacheConfigType || typeof digest !== 'string' || typeof size !== 'number')
    throw new OperationError(
      'INVALID_IMAGE',
      'read a build cache',
      { name },
      { hint: 'It is no build cache: write one with --cache-to' },
    )
  if (size > maxDocument) throw new OperationError('INVALID_IMAGE', 'read a build cache', { size })
  const { digestOf } = await import('../../digest.ts')
  const pieces: Uint8Array[] = []
  for await (const piece of source.readBlob({ mediaType, digest, size, ...plain }, 0))
    pieces.push(piece)
  const document = Buffer.concat(pieces)
  const actual = digestOf(document)
  if (actual === digest) return document
  throw new OperationError('INVALID_IMAGE', 'check a build cache', { expected: digest, actual })
}

async function bringBlob(
  lease: Lease,
  source: ImageSource,
  { digest, size }: { digest: string; size: number },
): Promise<void> {
  const ingest = await beginBlob(lease, digest)
  if (!ingest) return
  try {
    if (ingest.size > size) ingest.restart()
    const mediaType = 'application/vnd.oci.image.layer.v1.tar'
    for await (const piece of source.readBlob({ mediaType, digest, size, ...plain }, ingest.size))
      ingest.append(piece)
    await ingest.commit({ digest, size })
  } finally {
    ingest.suspend()
  }
}
