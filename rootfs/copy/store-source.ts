import { closeSync, openSync, readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { requireDigest } from '../digest.ts'
import { readImageDocument } from '../registry-client/image-document.ts'
import { type RawManifest, parseObject, typeByShape } from '../registry-client/manifests.ts'
import { readPieces } from '../store/blob-source.ts'
import type { Lease } from '../store/lease.ts'
import { blobPath } from '../store/store-folders.ts'
import type { ImageSource } from './image-source.ts'

/**
 * An image of our own store, byte for byte as it came or was made.
 *
 * @param lease keeps it there meanwhile
 * @throws {OperationError} `NOT_FOUND`
 */
export async function storeSource(lease: Lease, name: string): Promise<ImageSource> {
  const { digest } = lease.store.require(name)
  await lease.hold(digest)
  const root = readManifest(lease, digest)
  const document = readImageDocument(root.content, root.mediaType)
  if (document.kind === 'manifest')
    await lease.hold(...[document.config, ...document.layers].map((each) => each.digest))
  return {
    label: name,
    root: () => Promise.resolve(root),
    manifest: async (descriptor) => {
      await lease.hold(descriptor.digest)
      return readManifest(lease, descriptor.digest)
    },
    readBlob: (blob, offset) => readStoredBlob(lease, blob.digest, blob.size, offset),
    close: () => undefined,
  }
}

function readManifest({ folders }: Lease, digest: string): RawManifest {
  let content: Buffer
  try {
    content = readFileSync(blobPath(folders, digest))
  } catch (cause) {
    throw missing(digest, cause)
  }
  requireDigest(content, digest, 'a stored manifest')
  const own = parseObject(content, { digest })
  const mediaType = own['mediaType']
  return {
    content,
    digest,
    mediaType: typeof mediaType === 'string' ? mediaType : typeByShape(own),
  }
}

function* readStoredBlob(
  { folders }: Lease,
  digest: string,
  size: number,
  offset: number,
): Generator<Buffer> {
  let descriptor: number
  try {
    descriptor = openSync(blobPath(folders, digest), 'r')
  } catch (cause) {
    throw missing(digest, cause)
  }
  try {
    yield* readPieces({ descriptor, offset, size: size - offset })
  } finally {
    closeSync(descriptor)
  }
}

function missing(digest: string, cause: unknown): OperationError {
  return new OperationError(
    'INVALID_IMAGE',
    'read a stored blob',
    { digest },
    { cause, hint: 'The store is damaged: remove the image and get it again' },
  )
}
