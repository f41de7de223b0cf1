import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { hasCode, OperationError } from '../../native/error.ts'

/** A node of a local cluster, as it is written down. */
export interface ClusterNode {
  readonly name: string
  readonly address: string
}

/** A local cluster, as it is written down. */
export interface ClusterRecord {
  readonly name: string
  /** The segment that server and nodes share, like `10.213.0.0/24`; its first address is the server's. */
  readonly subnet: string
  readonly bridge: string
  readonly port: number
  readonly nodes: readonly ClusterNode[]
  /** Seconds without a sign of life after which a node counts as gone. */
  readonly nodeMonitorGrace: number
  /** Seconds after that, until its pods are made elsewhere. */
  readonly podPatience: number
  /** Whose images the nodes use; absent: the cluster's own. */
  readonly imageRoot?: string | undefined
  /** Milliseconds since 1970. */
  readonly created: number
}

/** Where the parts of a cluster are. */
export interface ClusterFolder {
  readonly path: string
  readonly record: string
  readonly server: string
  readonly images: string
  /** The store of its own registry, once there is one. */
  readonly registry: string
  readonly network: string
  readonly processes: string
  readonly logs: string
  node(name: string): string
}

const usualRoot = '/var/lib/myorch'

/** Below which all clusters are. */
export function clustersRoot(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['MYORCH_ROOT'] || usualRoot, 'clusters')
}

export function clusterFolder(root: string, name: string): ClusterFolder {
  const path = join(root, name)
  return {
    path,
    record: join(path, 'cluster.json'),
    server: join(path, 'server'),
    images: join(path, 'images'),
    registry: join(path, 'registry'),
    network: join(path, 'network'),
    processes: join(path, 'processes'),
    logs: join(path, 'logs'),
    node: (node) => join(path, 'nodes', node),
  }
}

/** @throws {OperationError} `INVALID_ARGUMENT` for what cannot be the name of nodes too */
export function requireClusterName(name: string): void {
  if (/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/.test(name)) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    'name a cluster',
    { name },
    {
      hint: 'Use at most 32 small letters, digits and "-", beginning and ending with a letter or digit',
    },
  )
}

export function listClusters(root: string): ClusterRecord[] {
  if (!existsSync(root)) return []
  return readdirSync(root)
    .toSorted()
    .flatMap((name) => {
      try {
        return readCluster(root, name) ?? []
      } catch (error) {
        // One that is damaged is no reason to know nothing of the others.
        if (hasCode(error, 'INVALID_ARGUMENT')) return []
        throw error
      }
    })
}

/** @throws {OperationError} `INVALID_ARGUMENT` for a record that is damaged */
export function readCluster(root: string, name: string): ClusterRecord | undefined {
  const { record } = clusterFolder(root, name)
  if (!existsSync(record)) return undefined
  try {
    const found = JSON.parse(readFileSync(record, 'utf8')) as Partial<ClusterRecord> | null
    if (found?.name === name && found.subnet && found.bridge && Array.isArray(found.nodes))
      return found as ClusterRecord
    throw new Error('something is missing in it')
  } catch (cause) {
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read what is written down of the cluster',
      { path: record },
      {
        cause,
        exitCode: 1,
        hint: `Put back what was there, or take the cluster away with "myorch cluster delete ${name}"`,
      },
    )
  }
}

/** @throws {OperationError} `NOT_FOUND` */
export function requireCluster(root: string, name: string): ClusterRecord {
  const found = readCluster(root, name)
  if (found) return found
  const others = listClusters(root).map((cluster) => cluster.name)
  throw new OperationError(
    'NOT_FOUND',
    'find the cluster',
    { name },
    {
      exitCode: 1,
      hint:
        others.length === 0
          ? 'There is none: make one with "myorch cluster create"'
          : `There are: ${others.join(', ')}`,
    },
  )
}

/** Whole or not at all, whoever is killed meanwhile. */
export function writeCluster(root: string, cluster: ClusterRecord): void {
  const { path, record } = clusterFolder(root, cluster.name)
  mkdirSync(path, { recursive: true, mode: 0o711 })
  writeFileSync(`${record}.tmp`, `${JSON.stringify(cluster, undefined, 2)}\n`)
  renameSync(`${record}.tmp`, record)
}
