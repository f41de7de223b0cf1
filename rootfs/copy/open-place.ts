import { fstatSync, statSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { type ImageFiles, filesOfArchive, filesOfFolder } from '../import/image-files.ts'
import { openInput, plainArchive } from '../import/open-archive.ts'
import type { RegistryAccess } from '../registry-client/registry-access.ts'
import type { Lease } from '../store/lease.ts'
import { dockerArchiveDestination, ociArchiveDestination } from './archive-destination.ts'
import { storedBlobLocations } from './blob-locations.ts'
import { dockerArchiveSource } from './docker-archive-source.ts'
import { folderSource, layoutSource } from './files-source.ts'
import { folderDestination } from './folder-destination.ts'
import type { ImageDestination } from './image-destination.ts'
import type { ImagePlace } from './image-place.ts'
import type { ImageSource } from './image-source.ts'
import { layoutDestination } from './layout-destination.ts'
import { registryDestination } from './registry-destination.ts'
import { registrySource } from './registry-source.ts'
import { storeDestination } from './store-destination.ts'
import { storeSource } from './store-source.ts'

export interface PlaceContext {
  readonly access: RegistryAccess
  readonly lease: Lease
  readonly chunkSize?: number | undefined
  readonly pushForeign?: boolean | undefined
  readonly onNote: (note: string) => void
}

/** @param label the place as the user wrote it */
export async function openSource(
  place: ImagePlace,
  label: string,
  { access, lease, onNote }: PlaceContext,
): Promise<ImageSource> {
  const locations = storedBlobLocations(lease.store)
  switch (place.kind) {
    case 'registry':
      return registrySource({ access, reference: place.reference, locations, onNote })
    case 'store':
      return storeSource(lease, place.name)
    case 'dir':
      return folderSource(openFolder(place.path), label)
    case 'oci':
      return layoutSource(openFolder(place.path), label, place.name)
    case 'oci-archive':
      return layoutSource(await openArchive(lease, place.path), label, place.name)
    case 'docker-archive':
      return dockerArchiveSource(await openArchive(lease, place.path), label, place.name)
  }
}

export async function openDestination(
  place: ImagePlace,
  label: string,
  { access, lease, chunkSize, pushForeign, onNote }: PlaceContext,
): Promise<ImageDestination> {
  const locations = storedBlobLocations(lease.store)
  switch (place.kind) {
    case 'registry': {
      const { reference } = place
      return registryDestination({ access, reference, locations, chunkSize, pushForeign, onNote })
    }
    case 'store':
      return storeDestination({ lease, references: [place.name], onNote })
    case 'dir':
      return folderDestination(place.path, label)
    case 'oci':
      return layoutDestination(place.path, label, place.name)
    case 'oci-archive':
      return ociArchiveDestination(place.path, label, place.name)
    case 'docker-archive':
      return dockerArchiveDestination(place.path, label, place.name)
  }
}

function openFolder(path: string): ImageFiles {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return filesOfFolder(path)
  throw new OperationError('NOT_FOUND', 'open an image', { path, reason: 'no such folder' })
}

async function openArchive({ folders }: Lease, path: string): Promise<ImageFiles> {
  const file = openInput(path)
  try {
    return filesOfArchive(await plainArchive(folders, file, fstatSync(file).size))
  } catch (cause) {
    throw new OperationError('INVALID_IMAGE', 'read an image archive', { path }, { cause })
  }
}
