import { OperationError, hasCode } from '../../native/error.ts'
import { addImageFromManifest } from '../import/add-image-from-manifest.ts'
import type { RawManifest } from '../registry-client/manifests.ts'
import type { Image } from '../store/image.ts'
import { type BlobIngest, beginBlob } from '../store/ingest-blob.ts'
import type { Lease } from '../store/lease.ts'
import type { BlobOffer, BlobOutcome, ImageDestination } from './image-destination.ts'

export interface StoreDestinationOptions {
  readonly lease: Lease
  /** Full references, `name:tag` or `name@digest`. */
  readonly references: readonly string[]
  readonly onNote: (note: string) => void
}

export interface StoreDestination extends ImageDestination {
  /** The image, after `finish`. */
  image(): Image
}

/**
 * Our own store. Layers are unpacked in order while later ones still arrive. What comes of a blob
 * stays after a failure, and the next attempt goes on there.
 */
export function storeDestination(options: StoreDestinationOptions): StoreDestination {
  const { lease } = options
  const arrivals = createArrivals()
  let entering: Promise<Image> | undefined
  let failure: { readonly error: unknown } | undefined
  let entered: Image | undefined
  const enter = (manifest: RawManifest, indexes: readonly RawManifest[]): Promise<Image> => {
    const adding = addImageFromManifest(lease, {
      manifest: manifest.content,
      mediaType: manifest.mediaType,
      digest: manifest.digest,
      indexes: indexes.map(({ content }) => content),
      references: options.references,
      fetchBlob: ({ digest }) => arrivals.of(digest),
      onNote: options.onNote,
    })
    adding.catch((error: unknown) => (failure ??= { error }))
    return adding
  }
  return {
    label: options.references[0] ?? 'the store',
    holdsIndexes: false,
    expect(manifest, indexes) {
      entering = enter(manifest, indexes)
    },
    async putBlob(offer) {
      // No need to go on with the others where a layer turned out to be hostile.
      if (failure) throw failure.error
      const outcome = await receive(lease, offer)
      arrivals.arrived(offer.blob.digest)
      return outcome
    },
    async putManifest(manifest, isRoot) {
      if (isRoot) entering ??= enter(manifest, [])
      if (entering) entered = await entering
    },
    finish: () => Promise.resolve(),
    async close() {
      arrivals.abandon()
      await entering?.catch(() => undefined)
    },
    image() {
      if (entered) return entered
      throw new OperationError('INTERNAL', 'store an image', { reason: 'it was not finished' })
    },
  }
}

/** Twice where the first bytes came in an earlier attempt: those may be the damaged ones. */
async function receive(lease: Lease, offer: BlobOffer): Promise<BlobOutcome> {
  const { digest } = offer.blob
  const ingest = await beginBlob(lease, digest)
  if (!ingest) return 'present'
  const wasBegun = ingest.size > 0
  try {
    await fill(ingest, offer)
  } catch (error) {
    if (!wasBegun || !hasCode(error, 'INVALID_IMAGE')) throw error
    ingest.discard()
    const again = await beginBlob(lease, digest)
    if (again) await fill(again, offer)
  }
  return 'copied'
}

async function fill(ingest: BlobIngest, { blob, read, onPosition }: BlobOffer): Promise<void> {
  const { digest, size } = blob
  try {
    if (ingest.size > size) ingest.restart()
    onPosition(ingest.size)
    for await (const piece of read(ingest.size)) {
      append(ingest, piece, digest)
      onPosition(ingest.size)
    }
    await ingest.commit({ digest, size })
  } finally {
    ingest.suspend()
  }
}

function append(ingest: BlobIngest, piece: Uint8Array, digest: string): void {
  try {
    ingest.append(piece)
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException
    const hint = code === 'ENOSPC' ? 'The disk is full: "myimage prune" may help' : undefined
    const detail = { digest, errno: code }
    throw new OperationError('SYSCALL_FAILED', 'store a blob', detail, { hint })
  }
}

interface Arrivals {
  /** Resolves when the blob is there. */
  of(digest: string): Promise<void>
  arrived(digest: string): void
  /** Nothing more comes. */
  abandon(): void
}

function createArrivals(): Arrivals {
  const known = new Map<string, PromiseWithResolvers<void>>()
  let isOver = false
  const entry = (digest: string): PromiseWithResolvers<void> => {
    const made = known.get(digest) ?? Promise.withResolvers<void>()
    known.set(digest, made)
    made.promise.catch(() => undefined)
    if (isOver) made.reject(abandoned())
    return made
  }
  return {
    of: (digest) => entry(digest).promise,
    arrived: (digest) => entry(digest).resolve(),
    abandon() {
      isOver = true
      for (const { reject } of known.values()) reject(abandoned())
    },
  }
}

function abandoned(): OperationError {
  return new OperationError('BAD_STATE', 'wait for a blob', { reason: 'the copy ended before it' })
}
