import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { watch } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { makeHttpClient } from '../client/http-client.ts'
import type { HttpClient } from '../client/http-client.ts'
import { makeInformer } from '../client/informer.ts'
import { listAt } from '../api/object.ts'
import { readKubeconfig } from '../client/read-kubeconfig.ts'
import { makeAuthority } from '../server/certificates.ts'
import { keptPair } from '../server/kept-pair.ts'
import {
  clusterFolder,
  listClusters,
  readCluster,
  requireClusterName,
  writeCluster,
} from './cluster-folder.ts'
import type { ClusterFolder, ClusterNode, ClusterRecord } from './cluster-folder.ts'
import { bridgeName, chooseSubnet, ensureNodeNamespaces, serverAddress } from './cluster-network.ts'
import { findProcess, lastLines, startProcess } from './cluster-processes.ts'
import { registryAddress, restartRegistry } from './cluster-registry.ts'
import { ensureNodeCredentials } from './node-credentials.ts'
import { deleteCluster } from './delete-cluster.ts'
import { mergeKubeconfig, removeFromKubeconfig } from './kubeconfig-file.ts'
import { requireRoot } from './require-root.ts'
import { chooseServerPort } from './server-port.ts'

export interface CreateOptions {
  readonly root: string
  readonly name: string
  readonly nodes: number
  /** Where the context is added; absent: nowhere. */
  readonly kubeconfig?: string | undefined
  readonly nodeMonitorGrace: number
  readonly podPatience: number
  /** A folder of images that are there already. */
  readonly imageRoot?: string | undefined
  /** Leave a cluster that did not come up as it is, to be looked at. */
  readonly retain?: boolean | undefined
  /** Told what is done, with the milliseconds that it took. */
  readonly onStep: (what: string, milliseconds: number) => void
}

const serverProcess = 'server'
/** Of so many silent nodes a second pods go elsewhere: upstream's pace, one in ten seconds, is for machines far apart. */
const nodesAtOnce = 10
const notReadyTaint = 'node.kubernetes.io/not-ready'
/** Milliseconds until a cluster that does not come up is given up. */
const patience = 60_000

/** Make a cluster of this machine and start it; of one that does not come up nothing stays. @returns when every node is Ready */
export async function createCluster(options: CreateOptions): Promise<ClusterRecord> {
  const { root, name, nodes, nodeMonitorGrace, podPatience, imageRoot } = options
  requireRoot('create a cluster')
  requireClusterName(name)
  if (readCluster(root, name))
    throw new OperationError(
      'ALREADY_EXISTS',
      'create the cluster',
      { name },
      {
        exitCode: 1,
        hint: `Start it with "myorch cluster start ${name}", or choose another --name`,
      },
    )
  const names = Array.from({ length: nodes }, (_, at) => `${name}-${at + 1}`)
  const subnet = chooseSubnet(listClusters(root))
  const cluster: ClusterRecord = {
    name,
    subnet,
    bridge: bridgeName(subnet),
    port: chooseServerPort(),
    // Of one that is cut off here, start makes the rest.
    nodes: names.map((node) => ({ name: node, address: '' })),
    nodeMonitorGrace,
    podPatience,
    imageRoot,
    created: Date.now(),
  }
  const folder = clusterFolder(root, name)
  mkdirSync(folder.images, { recursive: true, mode: 0o711 })
  // Written first: whatever is cut off from here on, delete finds.
  writeCluster(root, cluster)
  try {
    return await startCluster(options, cluster, names)
  } catch (error) {
    if (options.retain) throw error
    await deleteCluster(root, cluster)
    if (options.kubeconfig !== undefined) removeFromKubeconfig(options.kubeconfig, `myorch-${name}`)
    throw error
  }
}

/** Start what does not run of a cluster. @returns when every node is Ready */
export async function startCluster(
  options: Pick<CreateOptions, 'root' | 'kubeconfig' | 'onStep'>,
  cluster: ClusterRecord,
  nodes: readonly string[],
): Promise<ClusterRecord> {
  const { root, onStep } = options
  const folder = clusterFolder(root, cluster.name)
  const measure = async <Value>(what: string, work: () => Promise<Value>): Promise<Value> => {
    const begun = performance.now()
    const value = await work()
    onStep(what, performance.now() - begun)
    return value
  }
  const authority = keptPair(join(folder.server, 'pki'), 'ca', () => makeAuthority('myorch-ca'))
  const namespaces = await measure('network', () => ensureNodeNamespaces(folder, cluster, nodes))
  const records = nodes.map((name, at): ClusterNode => ({
    name,
    address: namespaces[at]?.address ?? '',
  }))
  const known = { ...cluster, nodes: records }
  writeCluster(root, known)
  await authority
  startServer(folder, known)
  restartRegistry(folder, known)
  const credentials = await measure('certificates', async () =>
    Promise.all(
      records.map(async (node) =>
        ensureNodeCredentials(folder.node(node.name), await authority, node),
      ),
    ),
  )
  for (const [at, node] of records.entries())
    startNode(folder, known, node, credentials[at] ?? '', namespaces[at]?.path ?? '')
  const kubeconfig = join(folder.server, 'admin.kubeconfig')
  await measure('server', () => untilFile(folder, kubeconfig))
  if (options.kubeconfig !== undefined)
    mergeKubeconfig(options.kubeconfig, readFileSync(kubeconfig, 'utf8'))
  await measure('nodes', () => untilReady(folder, kubeconfig, nodes))
  return known
}

function startServer(folder: ClusterFolder, cluster: ClusterRecord): void {
  const address = serverAddress(cluster)
  startProcess(folder, serverProcess, [
    'server',
    '--data-dir',
    folder.server,
    '--addr',
    `${address}:${cluster.port}`,
    '--name',
    `myorch-${cluster.name}`,
    '--node-monitor-grace',
    String(cluster.nodeMonitorGrace),
    '--pod-patience',
    String(cluster.podPatience),
    '--node-eviction-rate',
    String(nodesAtOnce),
  ])
}

/** Signs of life come a few times in the time that the server waits for one. */
function renewSeconds({ nodeMonitorGrace }: ClusterRecord): number {
  return Math.max(0.5, Math.min(10, nodeMonitorGrace / 3))
}

export function startNode(
  folder: ClusterFolder,
  cluster: ClusterRecord,
  node: ClusterNode,
  credentials: string,
  namespace: string,
): void {
  startProcess(
    folder,
    node.name,
    [
      'node',
      '--server',
      `https://${serverAddress(cluster)}:${cluster.port}`,
      '--name',
      node.name,
      '--address',
      node.address,
      '--root',
      folder.node(node.name),
      '--image-root',
      cluster.imageRoot ?? folder.images,
      '--credentials',
      credentials,
      '--heartbeat',
      String(renewSeconds(cluster)),
      '--insecure-registry',
      registryAddress(cluster),
    ],
    { namespace },
  )
}

/** The server writes it once it serves. */
async function untilFile(folder: ClusterFolder, path: string): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  const watcher = watch(join(path, '..'))
  const found = Promise.withResolvers<void>()
  watcher.on('change', () => existsSync(path) && found.resolve())
  const check = setInterval(() => {
    if (findProcess(folder, serverProcess) === undefined)
      found.reject(didNotStart(folder, serverProcess))
  }, 200)
  const timer = setTimeout(() => found.reject(didNotStart(folder, serverProcess)), patience)
  if (existsSync(path)) found.resolve()
  try {
    await found.promise
  } finally {
    watcher.close()
    clearInterval(check)
    clearTimeout(timer)
  }
}

function didNotStart(folder: ClusterFolder, name: string): OperationError {
  return new OperationError(
    'START_FAILED',
    `start ${name} of the cluster`,
    { log: join(folder.logs, `${name}.log`) },
    { exitCode: 1, hint: lastLines(folder, name) || 'Its log says why' },
  )
}

export async function openAdmin(kubeconfig: string): Promise<HttpClient> {
  return makeHttpClient(await readKubeconfig(kubeconfig), { manager: 'myorch' })
}

/** Wait until all of the nodes are Ready. */
export async function untilReady(
  folder: ClusterFolder,
  kubeconfig: string,
  nodes: readonly string[],
): Promise<void> {
  const client = await openAdmin(kubeconfig)
  const informer = makeInformer(
    client,
    { apiVersion: 'v1', kind: 'Node' },
    {},
    { firstWait: 20, longestWait: 200 },
  )
  const ready = new Set<string>()
  const done = Promise.withResolvers<void>()
  informer.onChange((node) => {
    const isReady = listAt(node, ['status', 'conditions']).some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    )
    // A new node is held back a moment longer by its taint: pods would all go to the first that is not.
    const isHeldBack = listAt(node, ['spec', 'taints']).some(({ key }) => key === notReadyTaint)
    if (isReady && !isHeldBack) ready.add(node.metadata.name ?? '')
    if (nodes.every((name) => ready.has(name))) done.resolve()
  })
  const check = setInterval(() => {
    for (const name of [serverProcess, ...nodes])
      if (findProcess(folder, name) === undefined) done.reject(didNotStart(folder, name))
  }, 200)
  const late = nodes.find((name) => !ready.has(name)) ?? serverProcess
  const timer = setTimeout(() => done.reject(didNotStart(folder, late)), patience)
  if (nodes.length === 0) done.resolve()
  try {
    await done.promise
  } finally {
    clearInterval(check)
    clearTimeout(timer)
    informer.stop()
    client.close()
  }
}
