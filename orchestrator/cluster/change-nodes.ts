import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { StatusError } from '../api/status-error.ts'
import { makeAuthority } from '../server/certificates.ts'
import { keptPair } from '../server/kept-pair.ts'
import { clusterFolder, writeCluster } from './cluster-folder.ts'
import type { ClusterNode, ClusterRecord } from './cluster-folder.ts'
import { ensureNodeNamespaces, setNodeLink } from './cluster-network.ts'
import { endProcess } from './cluster-processes.ts'
import { openAdmin, startNode, untilReady } from './create-cluster.ts'
import { endContainers, removeNode } from './delete-cluster.ts'
import { ensureNodeCredentials } from './node-credentials.ts'

/** @throws {OperationError} `NOT_FOUND` */
export function requireNode(cluster: ClusterRecord, name: string): ClusterNode {
  const found = cluster.nodes.find((node) => node.name === name)
  if (found) return found
  throw new OperationError(
    'NOT_FOUND',
    'find the node',
    { cluster: cluster.name, name },
    { exitCode: 1, hint: `There are: ${cluster.nodes.map((node) => node.name).join(', ')}` },
  )
}

/** One more node, or one that was killed again. @returns when it is Ready */
export async function addNode(root: string, cluster: ClusterRecord, name: string): Promise<void> {
  const folder = clusterFolder(root, cluster.name)
  const [namespace] = await ensureNodeNamespaces(folder, cluster, [name])
  if (!namespace) return
  const node = { name, address: namespace.address }
  const nodes = [...cluster.nodes.filter((other) => other.name !== name), node]
  writeCluster(root, { ...cluster, nodes })
  const authority = await keptPair(join(folder.server, 'pki'), 'ca', () =>
    makeAuthority('myorch-ca'),
  )
  const credentials = await ensureNodeCredentials(folder.node(name), authority, node)
  setNodeLink(namespace.hostInterface, true)
  startNode(folder, cluster, node, credentials, namespace.path)
  await untilReady(folder, join(folder.server, 'admin.kubeconfig'), [name])
}

/** The next name that no node has. */
export function nextNodeName({ name, nodes }: ClusterRecord): string {
  const numbers = nodes.map((node) => Number(node.name.slice(name.length + 1)) || 0)
  return `${name}-${Math.max(0, ...numbers) + 1}`
}

/** As if its machine had lost its power: the agent and everything that runs on the node are gone at once. */
export async function killNode(root: string, cluster: ClusterRecord, name: string): Promise<void> {
  requireNode(cluster, name)
  const folder = clusterFolder(root, cluster.name)
  await setLinked(root, cluster, name, false)
  await endProcess(folder, name, 0)
  await endContainers(folder, name)
}

/** Cut a node off, or connect it again: everything on it goes on. */
export async function setLinked(
  root: string,
  cluster: ClusterRecord,
  name: string,
  isLinked: boolean,
): Promise<void> {
  requireNode(cluster, name)
  const folder = clusterFolder(root, cluster.name)
  const [namespace] = await ensureNodeNamespaces(folder, cluster, [name])
  if (namespace) setNodeLink(namespace.hostInterface, isLinked)
}

/** Take a node away for good. */
export async function removeNodeFrom(
  root: string,
  cluster: ClusterRecord,
  name: string,
): Promise<void> {
  requireNode(cluster, name)
  const folder = clusterFolder(root, cluster.name)
  await endProcess(folder, name, 0)
  await removeNode(folder, name)
  writeCluster(root, { ...cluster, nodes: cluster.nodes.filter((node) => node.name !== name) })
  const client = await openAdmin(join(folder.server, 'admin.kubeconfig'))
  try {
    await client.delete({ apiVersion: 'v1', kind: 'Node' }, { name })
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.code !== 404) throw error
  } finally {
    client.close()
  }
}
