import { existsSync } from 'node:fs'
import { hostUser } from '../../runtime/container/folders.ts'
import { isHostImage } from '../../runtime/container/resolve-image.ts'
import { clusterFolder, listClusters } from './cluster-folder.ts'
import { loadIntoCluster } from './cluster-images.ts'
import { serverAddress } from './cluster-network.ts'
import { openStorageOf } from './open-storage.ts'

export interface BringRequest {
  /** Below which clusters are. */
  readonly root: string
  /** Of the cluster that is spoken to, like `https://10.213.0.1:6443`. */
  readonly server: string
  readonly image: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * See to it that the nodes of a cluster of this machine have an image that this machine has.
 *
 * @returns `there`: they have it; `brought`: they have it now; `elsewhere`: it has to be pulled, or it is no cluster of this machine
 */
export async function bringImage(
  request: BringRequest,
): Promise<'there' | 'brought' | 'elsewhere'> {
  const { root, server, image, env } = request
  // Images of a cluster are root's.
  if (isHostImage(image) || hostUser(env) !== 0 || !existsSync(root)) return 'elsewhere'
  const cluster = listClusters(root).find(
    (each) => `https://${serverAddress(each)}:${each.port}` === server,
  )
  if (!cluster) return 'elsewhere'
  if (has(cluster.imageRoot ?? clusterFolder(root, cluster.name).images, image, env)) return 'there'
  if (!has(undefined, image, env)) return 'elsewhere'
  await loadIntoCluster({ root, cluster, source: image, env, onNote: () => undefined })
  return 'brought'
}

function has(storage: string | undefined, image: string, env: BringRequest['env']): boolean {
  const store = openStorageOf(storage, env)
  try {
    return store.find(image) !== undefined
  } finally {
    store.close()
  }
}
