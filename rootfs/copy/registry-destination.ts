import { type ImageReference, formatReference } from '../reference.ts'
import { type RawManifest, parseObject, putManifest } from '../registry-client/manifests.ts'
import { noteReferrer } from '../registry-client/referrers.ts'
import type { RegistryAccess } from '../registry-client/registry-access.ts'
import type { Repository } from '../registry-client/repository.ts'
import { uploadBlob } from '../registry-client/upload-blob.ts'
import type { BlobLocations } from './blob-locations.ts'
import type { BlobOffer, BlobOutcome, ImageDestination } from './image-destination.ts'

export interface RegistryDestinationOptions {
  readonly access: RegistryAccess
  readonly reference: ImageReference
  readonly locations: BlobLocations
  /** Bytes in one request; absent: whole blobs. */
  readonly chunkSize?: number | undefined
  /** Layers that may not be distributed are sent all the same. */
  readonly pushForeign?: boolean | undefined
  readonly onNote: (note: string) => void
}

export async function registryDestination(
  options: RegistryDestinationOptions,
): Promise<ImageDestination> {
  const { reference, access } = options
  const repository = await access.pushTo(reference)
  return {
    label: `docker://${formatReference(reference)}`,
    skipsForeignLayers: options.pushForeign !== true,
    putBlob: (offer) => putBlob(repository, options, offer),
    async putManifest(manifest, isRoot) {
      const name = isRoot ? (reference.tag ?? manifest.digest) : manifest.digest
      const { subjectNoted } = await putManifest(repository, name, manifest)
      if (!subjectNoted) await noteSubject(repository, manifest)
    },
    finish: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

async function putBlob(
  repository: Repository,
  { locations, chunkSize, onNote }: RegistryDestinationOptions,
  { blob, read, origin, onPosition }: BlobOffer,
): Promise<BlobOutcome> {
  const { host } = repository.client
  const { digest, size } = blob
  const isHere = origin?.registry === host && origin.repository !== repository.name
  const mountFrom = isHere ? origin.repository : locations.find(digest, host, repository.name)
  const outcome = await uploadBlob(repository, {
    digest,
    size,
    pieces: read,
    mountFrom,
    chunkSize,
    onPosition,
    onNote,
  })
  if (mountFrom !== undefined && outcome === 'sent') locations.forget(digest, host, mountFrom)
  locations.note(digest, host, repository.name)
  return outcome === 'sent' ? 'copied' : outcome
}

/** A registry that does not keep referrers leaves it to its clients. */
async function noteSubject(repository: Repository, manifest: RawManifest): Promise<void> {
  const document = parseObject(manifest.content, { digest: manifest.digest })
  const subject = Object(document['subject']) as { digest?: unknown }
  if (typeof subject.digest !== 'string') return
  const config = Object(document['config']) as { mediaType?: unknown }
  await noteReferrer(repository, subject.digest, {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.content.length,
    artifactType: document['artifactType'] ?? config.mediaType,
    annotations: document['annotations'],
  })
}
