import type { RawManifest } from '../registry-client/manifests.ts'
import type { ContentDescriptor } from '../registry-client/image-document.ts'

export type BlobOutcome = 'present' | 'mounted' | 'copied'

/** A blob to be put somewhere. */
export interface BlobOffer {
  readonly blob: ContentDescriptor
  readonly read: (offset: number) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  /** Registry and repository that have it. */
  readonly origin?: { readonly registry: string; readonly repository: string } | undefined
  /** Told how many bytes are there. */
  readonly onPosition: (bytes: number) => void
}

/** Where an image is copied to. Blobs come before the manifests that name them. */
export interface ImageDestination {
  readonly label: string
  /**
   * Told what comes next, and which indexes led to it: who unpacks layers need not wait for the last
   * one. Not called for what is converted on its way.
   */
  expect?(manifest: RawManifest, indexes: readonly RawManifest[]): void
  /** Compares digest and size of what comes. */
  putBlob(offer: BlobOffer): Promise<BlobOutcome>
  /** @param isRoot it gets the name that the user gave; otherwise an index names it */
  putManifest(manifest: RawManifest, isRoot: boolean): Promise<void>
  /** All of it is there. */
  finish(): Promise<void>
  /** Give back what is held; what `finish` did not complete is as if it had not begun. */
  close(): Promise<void>
  /** Keeps no layer that may not be distributed. */
  readonly skipsForeignLayers?: boolean | undefined
  /** What it can hold where that is not everything. */
  readonly onlyFormat?: 'oci' | 'docker' | undefined
  readonly holdsIndexes?: boolean | undefined
}
