import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { indexMediaTypes, manifestMediaTypes } from '../store/format-manifest.ts'
import type { ImageStore } from '../store/image-store.ts'
import { blobPath } from '../store/store-folders.ts'

/** Bytes of a manifest, an index or a configuration in the store. @throws {OperationError} `NOT_FOUND` */
export function readStoredDocument({ folders }: ImageStore, digest: string): Buffer {
  try {
    return readFileSync(blobPath(folders, digest))
  } catch (cause) {
    throw new OperationError(
      'NOT_FOUND',
      'read a document of the store',
      { digest },
      { cause, hint: 'The store is damaged: see "myimage verify"' },
    )
  }
}

/** Its media type as it says itself, else by its shape: older OCI documents have none. */
export function storedMediaType(store: ImageStore, digest: string): string {
  const document = JSON.parse(readStoredDocument(store, digest).toString()) as Readonly<
    Record<string, unknown>
  >
  const { mediaType } = document
  if (typeof mediaType === 'string') return mediaType
  return 'manifests' in document ? indexMediaTypes.oci : manifestMediaTypes.oci
}
