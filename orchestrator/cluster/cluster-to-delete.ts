import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode } from '../../native/error.ts'
import { clusterFolder, requireCluster } from './cluster-folder.ts'
import type { ClusterRecord } from './cluster-folder.ts'
import { bridgeName } from './cluster-network.ts'

type Deletable = Pick<ClusterRecord, 'name' | 'bridge' | 'nodes'>

/**
 * A cluster that is to be taken away: where its record is damaged, as much of it as its other files tell.
 * @throws {OperationError} `NOT_FOUND`
 */
export function clusterToDelete(root: string, name: string): Deletable {
  try {
    return requireCluster(root, name)
  } catch (error) {
    if (!hasCode(error, 'INVALID_ARGUMENT')) throw error
    // Nodes are found by their folders.
    return {
      name,
      bridge: bridgeOf(join(clusterFolder(root, name).server, 'admin.kubeconfig')),
      nodes: [],
    }
  }
}

/** By the address of the server; empty where even that is not known. */
function bridgeOf(kubeconfig: string): string {
  try {
    const [, subnet] = /https:\/\/(\d+\.\d+\.\d+)\.1:/.exec(readFileSync(kubeconfig, 'utf8')) ?? []
    return subnet === undefined ? '' : bridgeName(`${subnet}.0/24`)
  } catch {
    return ''
  }
}
