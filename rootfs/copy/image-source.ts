import type { RawManifest } from '../registry-client/manifests.ts'
import type { ContentDescriptor } from '../registry-client/image-document.ts'

/** Where an image is copied from. */
export interface ImageSource {
  /** As the user wrote it, for messages. */
  readonly label: string
  /** The manifest or index that was named. */
  root(): Promise<RawManifest>
  /** A manifest that an index names; its digest was compared. */
  manifest(descriptor: ContentDescriptor): Promise<RawManifest>
  /** Bytes of a blob from an offset on. Nobody compared its digest yet. */
  readBlob(
    blob: ContentDescriptor,
    offset: number,
  ): Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  /** Registry and repository that have its blobs, so that they need not be sent again there. */
  readonly origin?: { readonly registry: string; readonly repository: string } | undefined
  /** Manifests that have this one as their subject: signatures, bills of material. */
  referrers?(digest: string): Promise<ContentDescriptor[]>
  close(): void
}
