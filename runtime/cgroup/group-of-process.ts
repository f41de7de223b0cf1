import { readFileSync } from 'node:fs'
import type { CgroupLocation } from './cgroup-plan.ts'

/**
 * The v2 group that a container's first process is in: the container's, or one below that it has moved to. systemd does: a
 * group that passes controllers on to others can hold no process itself ("No Internal Process Constraint"), so whoever joins
 * the container has to go where its first process is.
 *
 * @param pid on the host
 * @returns absolute folder; undefined where there is no v2 tree
 */
export function groupOfProcess(
  pid: number,
  { v2, path }: Pick<CgroupLocation, 'v2' | 'path'>,
): string | undefined {
  return v2 === undefined ? undefined : `${v2}${placeBelow(readGroups(pid), path)}`
}

function readGroups(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  } catch {
    // It has ended: what comes next says so better.
    return ''
  }
}

/** Where below `path` the v2 line of /proc/PID/cgroup ends, cgroups(7); empty where it is not below. Pure. */
export function placeBelow(text: string, path: string): string {
  const line = text.split('\n').find((one) => one.startsWith('0::')) ?? ''
  const at = line.lastIndexOf(`${path}/`)
  return at < 0 || path === '/' ? '' : line.slice(at + path.length)
}
