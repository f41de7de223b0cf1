import { readPlatform } from '../import/manifest.ts'
import type { RawManifest } from '../registry-client/manifests.ts'
import type { RegistryAccess } from '../registry-client/registry-access.ts'
import { hostImageArchitecture } from '../store/add-built-image.ts'
import type { ImageStore } from '../store/image-store.ts'
import { withLease } from '../store/lease.ts'
import { type CopyOptions, copyImage } from './copy-image.ts'
import { parseImagePlace } from './image-place.ts'
import { openDestination, openSource } from './open-place.ts'
import { defaultJobs } from './pull-image.ts'

export interface CopyPlacesOptions extends Omit<CopyOptions, 'platform' | 'jobs' | 'scratch'> {
  readonly access: RegistryAccess
  readonly platform: string | undefined
  readonly jobs: number | undefined
}

/**
 * Copy an image from one place to another.
 *
 * @param from as for {@link parseImagePlace}
 * @returns what the destination has now
 */
export async function copyPlaces(
  store: ImageStore,
  from: string,
  to: string,
  { access, platform, jobs = defaultJobs, ...options }: CopyPlacesOptions,
): Promise<RawManifest> {
  const wanted = readPlatform(platform ?? `linux/${hostImageArchitecture()}`)
  const places = { from: parseImagePlace(from), to: parseImagePlace(to) }
  return withLease(store, async (lease) => {
    const context = { access, lease, onNote: (note: string) => options.progress.note(note) }
    const source = await openSource(places.from, from, context)
    try {
      const destination = await openDestination(places.to, to, context)
      try {
        return await copyImage(source, destination, {
          ...options,
          platform: wanted,
          jobs,
          scratch: () => lease.folder,
        })
      } finally {
        await destination.close()
      }
    } finally {
      source.close()
    }
  })
}
