import { OperationError } from '../../native/error.ts'
import { readPlatform } from '../import/manifest.ts'
import { formatReference, parseReference, withDefaultTag } from '../reference.ts'
import type { RawManifest } from '../registry-client/manifests.ts'
import type { RegistryAccess } from '../registry-client/registry-access.ts'
import { hostImageArchitecture } from '../store/add-built-image.ts'
import { announceImage } from '../store/image-events.ts'
import type { ImageStore } from '../store/image-store.ts'
import { withLease } from '../store/lease.ts'
import { storedBlobLocations } from './blob-locations.ts'
import type { Conversion } from './convert-manifest.ts'
import { copyImage } from './copy-image.ts'
import { defaultJobs } from './pull-image.ts'
import { registryDestination } from './registry-destination.ts'
import { storeSource } from './store-source.ts'
import type { TransferProgress } from './transfer-progress.ts'

export interface PushOptions {
  readonly access: RegistryAccess
  readonly conversion: Conversion
  readonly jobs?: number | undefined
  readonly chunkSize?: number | undefined
  readonly progress: TransferProgress
}

/**
 * Send an image of the store to a registry, byte for byte unless a conversion is asked for.
 *
 * @param name of the image here
 * @param target reference there
 * @returns the manifest that the target now stands for
 */
export async function pushImage(
  store: ImageStore,
  name: string,
  target: string,
  { access, conversion, jobs = defaultJobs, chunkSize, progress }: PushOptions,
): Promise<RawManifest> {
  const parsed = parseReference(target)
  if (parsed.digest !== undefined)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'push an image',
      { target },
      { hint: 'Push it to a tag: its digest follows from what it is' },
    )
  const reference = withDefaultTag(parsed)
  const onNote = (note: string): void => progress.note(note)
  const locations = storedBlobLocations(store)
  return withLease(store, async (lease) => {
    const source = await storeSource(lease, name)
    const destination = await registryDestination({
      access,
      reference,
      locations,
      chunkSize,
      onNote,
    })
    const pushed = await copyImage(source, destination, {
      platform: readPlatform(`linux/${hostImageArchitecture()}`),
      all: false,
      preserveDigests: false,
      conversion,
      referrers: false,
      jobs,
      scratch: () => lease.folder,
      progress,
    })
    announceImage(store, 'push', formatReference(reference))
    return pushed
  })
}
