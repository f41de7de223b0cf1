import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const mountPoint = '/sys/fs/cgroup'

/** The folders of one control group in every hierarchy of this host, v1 and v2. */
export function cgroupFolders(group: string): string[] {
  const hierarchies = readdirSync(mountPoint).map((name) => join(mountPoint, name))
  return [mountPoint, ...hierarchies]
    .filter((path) => existsSync(join(path, 'cgroup.procs')))
    .map((path) => join(path, group))
    .filter((path) => existsSync(path))
}

/** A file of a container's control group, under its v1 or its v2 name, trimmed; undefined: neither is there. */
export function readLimit(id: string, v1Name: string, v2Name: string): string | undefined {
  for (const folder of cgroupFolders(`/mycontainer/${id}`))
    for (const name of [v1Name, v2Name]) {
      const path = join(folder, name)
      if (existsSync(path)) return readFileSync(path, 'utf8').trim()
    }
  return undefined
}
