import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openContext } from '../../runtime/container/open-engine.ts'
import { findRuns, removeRun } from '../node/container-runs.ts'
import { removeClassGroups, removePodGroup } from '../node/pod-cgroup.ts'
import { removePodFiles } from '../node/pod-files.ts'
import { removeSandbox } from '../node/sandbox.ts'
import { removePodVolumes } from '../node/volumes/pod-volumes.ts'
import { unmountBelow } from '../node/volumes/mounted.ts'
import { clusterFolder } from './cluster-folder.ts'
import type { ClusterFolder, ClusterRecord } from './cluster-folder.ts'
import { removeNodeNamespace, removeSegment } from './cluster-network.ts'
import { endProcess } from './cluster-processes.ts'

const patience = 5000

/** End the processes of a cluster; its containers go on, and so does what it has stored. */
export async function stopCluster(root: string, cluster: ClusterRecord): Promise<void> {
  const folder = clusterFolder(root, cluster.name)
  await Promise.all(cluster.nodes.map(({ name }) => endProcess(folder, name, patience)))
  await Promise.all(['server', 'registry'].map((name) => endProcess(folder, name, patience)))
}

/** Take a cluster away with everything in it. Fine where half of it is gone already. */
export async function deleteCluster(
  root: string,
  cluster: Pick<ClusterRecord, 'name' | 'bridge' | 'nodes'>,
): Promise<void> {
  const folder = clusterFolder(root, cluster.name)
  const names = nodeNames(folder, cluster)
  await Promise.all(['server', 'registry', ...names].map((name) => endProcess(folder, name, 0)))
  await Promise.all(names.map((name) => removeNode(folder, name)))
  if (cluster.bridge !== '') removeSegment(cluster)
  unmountBelow(folder.path)
  rmSync(folder.path, { recursive: true, force: true })
}

/** Those that are written down, and those that a create that was cut off did not come to write. */
function nodeNames(folder: ClusterFolder, cluster: Pick<ClusterRecord, 'nodes'>): string[] {
  const nodes = join(folder.path, 'nodes')
  const found = existsSync(nodes) ? readdirSync(nodes) : []
  return [...new Set([...cluster.nodes.map(({ name }) => name), ...found])]
}

/** End all that runs on a node, whose process has ended, and take its state away. */
export async function removeNode(folder: ClusterFolder, name: string): Promise<void> {
  await endContainers(folder, name)
  const path = folder.node(name)
  const pods = join(path, 'pods')
  for (const uid of podsOf(folder, name)) {
    removePodVolumes(join(pods, uid))
    removePodFiles(join(pods, uid))
    removeSandbox(join(pods, uid))
  }
  removeNodeNamespace(folder, name)
  rmSync(path, { recursive: true, force: true })
}

/** Uids of the pods that a node has something of. */
function podsOf(folder: ClusterFolder, name: string): string[] {
  const pods = join(folder.node(name), 'pods')
  return existsSync(pods) ? readdirSync(pods) : []
}

/** As if the machine had lost its power: nobody is asked, and nobody is told. */
export async function endContainers(folder: ClusterFolder, name: string): Promise<void> {
  const root = join(folder.node(name), 'runtime')
  if (!existsSync(root)) return
  const context = openContext(root, process.env)
  try {
    const runs = findRuns(context)
    await Promise.all([...runs.values()].flat().map(({ id }) => removeRun(context, id)))
    for (const uid of new Set([...runs.keys(), ...podsOf(folder, name)]))
      removePodGroup(context.facts, uid)
    removeClassGroups(context.facts)
  } finally {
    context.zygote.close()
  }
}
