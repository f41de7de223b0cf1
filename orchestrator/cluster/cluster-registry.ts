import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { silentProgress } from '../../rootfs/copy/transfer-progress.ts'
import { formatReference, parseReference, withDefaultTag } from '../../rootfs/reference.ts'
import { clusterFolder } from './cluster-folder.ts'
import type { ClusterFolder, ClusterRecord } from './cluster-folder.ts'
import { serverAddress } from './cluster-network.ts'
import { findProcess, lastLines, startProcess } from './cluster-processes.ts'
import { openStorageOf } from './open-storage.ts'

// The registry of a cluster: begun when something is first pushed into it, there as long as the cluster is.

const port = 5000
const processName = 'registry'
/** Milliseconds until a registry that does not answer is given up, and between two looks. */
const patience = 10_000
const pollMs = 20

/** By which the cluster's nodes, and this machine, reach it. */
export function registryAddress(cluster: Pick<ClusterRecord, 'subnet'>): string {
  return `${serverAddress(cluster)}:${port}`
}

/** With the other processes of a cluster, where it has one. */
export function restartRegistry(folder: ClusterFolder, cluster: ClusterRecord): void {
  if (existsSync(folder.registry)) startRegistry(folder, cluster)
}

function startRegistry(folder: ClusterFolder, cluster: ClusterRecord): void {
  mkdirSync(folder.registry, { recursive: true, mode: 0o711 })
  const serve = ['serve', '--addr', registryAddress(cluster), '--auth', 'none']
  startProcess(folder, processName, ['--root', folder.registry, ...serve], { bundle: 'myimage' })
}

/**
 * Push an image of this machine into the cluster's registry.
 *
 * @returns the name by which pods get it
 */
export async function pushIntoCluster(
  root: string,
  cluster: ClusterRecord,
  image: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const folder = clusterFolder(root, cluster.name)
  startRegistry(folder, cluster)
  await untilServing(folder, registryAddress(cluster))
  const { path, tag } = withDefaultTag(parseReference(image))
  const short = path.replace(/^library\//, '')
  const target = formatReference({
    domain: registryAddress(cluster),
    path: short,
    tag: tag ?? 'latest',
    digest: undefined,
  })
  const { pushImage } = await import('../../rootfs/copy/push-image.ts')
  const { openRegistryAccess } = await import('../../rootfs/registry-client/registry-access.ts')
  const access = openRegistryAccess({
    environment: env,
    tlsVerify: false,
    onNote: () => undefined,
  })
  const store = openStorageOf(undefined, env)
  try {
    await pushImage(store, image, target, { access, conversion: {}, progress: silentProgress })
    return target
  } finally {
    store.close()
    access.close()
  }
}

async function untilServing(folder: ClusterFolder, address: string): Promise<void> {
  const deadline = performance.now() + patience
  for (;;) {
    const answer = await fetch(`http://${address}/v2/`).catch(() => undefined)
    if (answer?.ok) return
    if (findProcess(folder, processName) === undefined || performance.now() > deadline)
      throw new OperationError(
        'START_FAILED',
        'start the registry of the cluster',
        { log: join(folder.logs, `${processName}.log`) },
        { exitCode: 1, hint: lastLines(folder, processName) || 'Its log says why' },
      )
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
