import { existsSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { openStorageOf } from './open-storage.ts'
import type { ImageStore } from '../../rootfs/store/image-store.ts'
import { namedReference } from '../../rootfs/store/find-image.ts'
import { silentProgress } from '../../rootfs/copy/transfer-progress.ts'
import { clusterFolder } from './cluster-folder.ts'
import type { ClusterRecord } from './cluster-folder.ts'

// Images of this machine, brought to where all nodes of a cluster look for theirs.

export interface LoadRequest {
  /** Below which clusters are. */
  readonly root: string
  readonly cluster: ClusterRecord
  /** An archive, an OCI layout's folder, or the name of an image of this machine. */
  readonly source: string
  /** Of the machine's own images. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onNote: (note: string) => void
}

/**
 * Copy an image into the store of a cluster. Layers that are there already are not copied again, and each is
 * unpacked once for all nodes.
 *
 * @returns the names that pods may use
 * @throws {OperationError} `NOT_FOUND`, `INVALID_IMAGE`
 */
export async function loadIntoCluster(request: LoadRequest): Promise<string[]> {
  const { root, cluster, source, env, onNote } = request
  const target = openStorageOf(cluster.imageRoot ?? clusterFolder(root, cluster.name).images, env)
  try {
    if (isFile(source)) {
      const { loadImages } = await import('../../rootfs/import/load-images.ts')
      const loaded = await loadImages(target, { input: source, onNote })
      return loaded.flatMap(({ references, image }) =>
        references.length === 0 ? [image.id] : references,
      )
    }
    const own = openStorageOf(undefined, env)
    try {
      return await copyBetween(own, target, source, onNote)
    } finally {
      own.close()
    }
  } finally {
    target.close()
  }
}

/** What begins like a path, and what is one and cannot be a name. */
function isFile(source: string): boolean {
  if (/^\.{0,2}\//.test(source)) return true
  return existsSync(source) && /\.(tar|tgz|tar\.\w+|oci)$/.test(source)
}

async function copyBetween(
  from: ImageStore,
  to: ImageStore,
  name: string,
  onNote: (note: string) => void,
): Promise<string[]> {
  const references = namesOf(from, name)
  // A cluster may use the machine's own images: then they are there.
  if (from.folders.root === to.folders.root) return references
  const { withLease } = await import('../../rootfs/store/lease.ts')
  const { copyImage } = await import('../../rootfs/copy/copy-image.ts')
  const { storeSource } = await import('../../rootfs/copy/store-source.ts')
  const { storeDestination } = await import('../../rootfs/copy/store-destination.ts')
  const { hostImageArchitecture } = await import('../../rootfs/store/add-built-image.ts')
  await withLease(from, (own) =>
    withLease(to, async (lease) => {
      const source = await storeSource(own, name)
      const destination = storeDestination({ lease, references, onNote })
      try {
        await copyImage(source, destination, {
          platform: { os: 'linux', architecture: hostImageArchitecture(), variant: undefined },
          all: false,
          preserveDigests: true,
          conversion: {},
          referrers: false,
          jobs: 2,
          scratch: () => lease.folder,
          progress: silentProgress,
        })
      } finally {
        await destination.close()
        source.close()
      }
    }),
  )
  return references
}

/** Under which it is to be found there: as it was asked for, else as it is called here. */
function namesOf(store: ImageStore, name: string): string[] {
  const { references } = store.require(name)
  const asked = namedReference(references, name)
  if (asked !== undefined) return [asked]
  if (references.length > 0) return [...references]
  throw new OperationError(
    'BAD_STATE',
    'name an image for pods',
    { image: name },
    { exitCode: 1, hint: 'It has no name: give it one with "myimage tag"' },
  )
}
