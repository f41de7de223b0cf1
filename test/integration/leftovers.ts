import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cgroupFolders } from './cgroup-folders.ts'

/** Names in a folder; none where it does not exist. */
function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : []
}

/** Ids of all containers that this state root ever had. */
function knownIds(root: string): string[] {
  const path = join(root, 'run/events.jsonl')
  if (!existsSync(path)) return []
  const ids = readFileSync(path, 'utf8').matchAll(/"id":"([0-9a-f]{64})"/gu)
  return [...new Set([...ids].map(([, id = '']) => id))]
}

/**
 * What is left of containers of a state root where none should exist: folders, names, leases,
 * mounts and control groups. Empty when all is well.
 */
export function leftovers(root: string): string[] {
  const networks = join(root, 'run/networks')
  const folders = [
    join(root, 'data/containers'),
    join(root, 'data/names'),
    join(root, 'run/ports'),
    join(root, 'data/user-ranges'),
    ...namesIn(networks).map((name) => join(networks, name, 'leases')),
    ...namesIn(networks).map((name) => join(networks, name, 'names')),
  ]
  const files = folders.flatMap((folder) =>
    namesIn(folder)
      .filter((name) => name !== '.lock')
      .map((name) => join(folder, name)),
  )
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(root))
  const parents = cgroupFolders('/mycontainer')
  const groups = knownIds(root).flatMap((id) => parents.map((parent) => join(parent, id)))
  return [...files, ...mounts, ...groups.filter((group) => existsSync(group))]
}
