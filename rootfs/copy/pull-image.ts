import { OperationError, describeError, hasCode } from '../../native/error.ts'
import { readPlatform } from '../import/manifest.ts'
import { type ImageReference, formatReference } from '../reference.ts'
import { headManifest } from '../registry-client/manifests.ts'
import type { RegistryAccess } from '../registry-client/registry-access.ts'
import { hostImageArchitecture } from '../store/add-built-image.ts'
import type { Image } from '../store/image.ts'
import { announceImage } from '../store/image-events.ts'
import type { ImageStore } from '../store/image-store.ts'
import { withLease } from '../store/lease.ts'
import { storedBlobLocations } from './blob-locations.ts'
import { copyImage } from './copy-image.ts'
import { registrySource } from './registry-source.ts'
import { candidatesFor, storedName } from './short-names.ts'
import { storeDestination } from './store-destination.ts'
import type { TransferProgress } from './transfer-progress.ts'

export interface PullOptions {
  readonly access: RegistryAccess
  /** "linux/arm64"; absent: this machine's. */
  readonly platform?: string | undefined
  /** Layers at once. */
  readonly jobs?: number | undefined
  readonly progress: TransferProgress
}

export const defaultJobs = 3

/**
 * Bring an image from a registry into the store, ready to run.
 *
 * @param name as a user writes it; without a registry it may be tried in several
 * @throws {OperationError} `NOT_FOUND`, `ACCESS_DENIED`, `UNREACHABLE`, `INVALID_IMAGE`, …
 */
export async function pullImage(
  store: ImageStore,
  name: string,
  options: PullOptions,
): Promise<Image> {
  const candidates = candidatesFor(name, await options.access.settings())
  const failures: unknown[] = []
  for (const candidate of candidates) {
    try {
      const image = await pullReference(store, candidate, options)
      announceImage(store, 'pull', storedName(candidate))
      return image
    } catch (error) {
      failures.push(error)
      const mayBeElsewhere = ['NOT_FOUND', 'ACCESS_DENIED', 'UNREACHABLE', 'TIMEOUT'] as const
      if (!mayBeElsewhere.some((code) => hasCode(error, code))) throw error
    }
  }
  if (failures.length === 1) throw failures[0]
  throw new OperationError('NOT_FOUND', 'pull an image', {
    name,
    tried: candidates
      .map((each, at) => `${formatReference(each)}: ${describeError(failures[at])}`)
      .join('; '),
  })
}

async function pullReference(
  store: ImageStore,
  reference: ImageReference,
  { access, platform, jobs = defaultJobs, progress }: PullOptions,
): Promise<Image> {
  const onNote = (note: string): void => progress.note(note)
  const locations = storedBlobLocations(store)
  return withLease(store, async (lease) => {
    const source = await registrySource({ access, reference, locations, onNote })
    const destination = storeDestination({ lease, references: [storedName(reference)], onNote })
    try {
      await copyImage(source, destination, {
        platform: readPlatform(platform ?? `linux/${hostImageArchitecture()}`),
        all: false,
        preserveDigests: true,
        conversion: {},
        referrers: false,
        jobs,
        scratch: () => lease.folder,
        progress,
      })
      return destination.image()
    } finally {
      await destination.close()
      source.close()
    }
  })
}

/**
 * Whether the registry has another image under the name than the store.
 *
 * @returns undefined where the registry does not tell
 */
export async function isNewerInRegistry(
  store: ImageStore,
  name: string,
  access: RegistryAccess,
): Promise<boolean | undefined> {
  const image = store.find(name)
  if (!image) return true
  const [candidate] = candidatesFor(name, await access.settings())
  if (!candidate) return undefined
  const [repository] = await access.pullFrom(candidate)
  if (!repository) return undefined
  const digest = await headManifest(repository, candidate.digest ?? candidate.tag ?? 'latest')
  if (digest === undefined) return undefined
  if (digest === image.digest) return false
  const row = store
    .database()
    .get('SELECT 1 FROM image_manifest WHERE image_id = ? AND digest = ?', image.id, digest)
  return row === undefined
}
