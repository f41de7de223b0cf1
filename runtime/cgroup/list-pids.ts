import { readdirSync } from 'node:fs'
import { readGroupFile } from './cgroup-files.ts'
import type { CgroupLocation } from './cgroup-plan.ts'

/** The group's folder and all groups below it, deepest first. Empty when the group is gone. */
export function listGroupTree(folder: string): string[] {
  let entries
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
  const below = entries
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => listGroupTree(`${folder}/${entry.name}`))
  return [...below, folder]
}

/** The folder that holds all of the container's processes: v2 where there is one. */
export function trackingFolder(location: CgroupLocation): string | undefined {
  const { v2, v1 } = location
  return v2 ?? v1['freezer'] ?? v1['pids'] ?? Object.values(v1)[0]
}

/**
 * Pids (as this pid namespace numbers them) of all processes in the group and below.
 * Ascending; empty when the group is gone.
 */
export function listPids(location: CgroupLocation): number[] {
  const folder = trackingFolder(location)
  return folder === undefined ? [] : listPidsIn(folder)
}

/** As `listPids`, for one folder of one hierarchy. */
export function listPidsIn(folder: string): number[] {
  const pids = new Set<number>()
  for (const group of listGroupTree(folder))
    for (const line of (readGroupFile(group, 'cgroup.procs') ?? '').split('\n'))
      // A process outside of our pid namespace shows as 0.
      if (line !== '' && line !== '0') pids.add(Number(line))
  return [...pids].toSorted((a, b) => a - b)
}
