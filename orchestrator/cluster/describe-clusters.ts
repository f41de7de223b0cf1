import { clusterFolder, listClusters } from './cluster-folder.ts'
import { serverAddress } from './cluster-network.ts'
import { findProcess } from './cluster-processes.ts'

/** A table of all clusters, a line each. */
export function describeClusters(root: string): string[] {
  const rows = listClusters(root).map((cluster) => {
    const folder = clusterFolder(root, cluster.name)
    const running = cluster.nodes.filter(({ name }) => findProcess(folder, name) !== undefined)
    return [
      cluster.name,
      findProcess(folder, 'server') === undefined ? 'stopped' : 'running',
      `${running.length}/${cluster.nodes.length}`,
      `https://${serverAddress(cluster)}:${cluster.port}`,
    ]
  })
  const table = [['NAME', 'SERVER', 'NODES', 'ADDRESS'], ...rows]
  const widths = [0, 1, 2, 3].map((at) => Math.max(...table.map((row) => row[at]?.length ?? 0)))
  return table.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd(),
  )
}
