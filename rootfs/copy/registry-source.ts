import { describeError, hasCode } from '../../native/error.ts'
import { type ImageReference, formatReference } from '../reference.ts'
import { type RawManifest, getManifest } from '../registry-client/manifests.ts'
import { readRemoteBlob } from '../registry-client/read-blob.ts'
import { listReferrers } from '../registry-client/referrers.ts'
import type { RegistryAccess } from '../registry-client/registry-access.ts'
import type { Repository } from '../registry-client/repository.ts'
import { requireSize } from './require-size.ts'
import type { BlobLocations } from './blob-locations.ts'
import type { ImageSource } from './image-source.ts'
import { readImageDocument } from '../registry-client/image-document.ts'

export interface RegistrySourceOptions {
  readonly access: RegistryAccess
  /** With a tag or a digest; where both are there the digest counts. */
  readonly reference: ImageReference
  readonly locations: BlobLocations
  readonly onNote: (note: string) => void
}

/** An image in a registry, or in the first of its mirrors that has it. */
export async function registrySource(options: RegistrySourceOptions): Promise<ImageSource> {
  const { reference, locations, onNote } = options
  const found = await findManifest(options)
  const { repository, root } = found
  const note = ({ content, mediaType }: RawManifest): void => {
    const document = readImageDocument(content, mediaType)
    if (document.kind === 'index') return
    for (const { digest } of [document.config, ...document.layers])
      locations.note(digest, repository.client.host, repository.name)
  }
  return {
    label: `docker://${formatReference(reference)}`,
    origin: { registry: repository.client.host, repository: repository.name },
    root: () => {
      note(root)
      return Promise.resolve(root)
    },
    async manifest(descriptor) {
      const manifest = await getManifest(repository, descriptor.digest)
      requireSize(manifest, descriptor)
      note(manifest)
      return manifest
    },
    readBlob: ({ digest, size, urls }, offset) =>
      readRemoteBlob(repository, { digest, size, offset, urls, onNote }),
    referrers: (digest) => listReferrers(repository, digest),
    close: () => undefined,
  }
}

async function findManifest({
  access,
  reference,
  onNote,
}: RegistrySourceOptions): Promise<{ repository: Repository; root: RawManifest }> {
  const wanted = reference.digest ?? reference.tag ?? 'latest'
  const places = await access.pullFrom(reference)
  for (const [at, repository] of places.entries()) {
    try {
      return { repository, root: await getManifest(repository, wanted) }
    } catch (error) {
      // The last one is the registry itself: what it says counts.
      if (at + 1 === places.length || hasCode(error, 'UNSUPPORTED')) throw error
      onNote(`mirror ${repository.client.host} left out: ${describeError(error)}`)
    }
  }
  throw new Error('a reference has at least one endpoint')
}
