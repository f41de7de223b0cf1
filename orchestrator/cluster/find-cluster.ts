import { OperationError } from '../../native/error.ts'
import { listClusters, readCluster, requireCluster } from './cluster-folder.ts'
import type { ClusterRecord } from './cluster-folder.ts'
import { currentContext, kubeconfigPath } from './kubeconfig-file.ts'
import { requireRoot } from './require-root.ts'
import { usualClusterName } from './usual-cluster-name.ts'

/**
 * The cluster that a command is about: the one that is named, else that of kubectl's current context, else `dev`,
 * else the only one.
 *
 * @throws {OperationError} `NOT_FOUND`
 */
export function findCluster(
  root: string,
  name: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): ClusterRecord {
  requireRoot('find the cluster')
  if (name !== undefined) return requireCluster(root, name)
  const current = /^myorch-(.+)$/.exec(currentContext(kubeconfigPath(env)) ?? '')?.[1]
  const clusters = listClusters(root)
  return (
    clusters.find((cluster) => cluster.name === current) ??
    readCluster(root, usualClusterName) ??
    (clusters.length === 1 ? clusters[0] : undefined) ??
    requireCluster(root, usualClusterName)
  )
}

/** The cluster that a node is of. @throws {OperationError} `NOT_FOUND` */
export function findClusterOfNode(root: string, node: string): ClusterRecord {
  requireRoot('find the node')
  const clusters = listClusters(root)
  const found = clusters.find(({ nodes }) => nodes.some(({ name }) => name === node))
  if (found) return found
  const names = clusters.flatMap(({ nodes }) => nodes.map(({ name }) => name))
  throw new OperationError(
    'NOT_FOUND',
    'find the node',
    { name: node },
    {
      exitCode: 1,
      hint:
        names.length === 0
          ? 'There is none: make some with "myorch cluster create"'
          : `There are: ${names.join(', ')}`,
    },
  )
}
