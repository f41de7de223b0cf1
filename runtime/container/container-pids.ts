import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import type { CgroupLocation } from '../cgroup/cgroup-plan.ts'
import { listPids, trackingFolder } from '../cgroup/list-pids.ts'

/**
 * Pids of a running container's processes, ascending. Its control group knows them; an ordinary
 * user may have none, and then they are those in the init's pid namespace, and their descendants.
 */
export function containerPids(cgroup: CgroupLocation, initPid: number): readonly number[] {
  return trackingFolder(cgroup) === undefined ? pidsOfNamespace(initPid) : listPids(cgroup)
}

function pidsOfNamespace(initPid: number): number[] {
  const namespace = pidNamespace(initPid)
  // With --pid host the namespace is everybody's: then descent alone tells.
  const isOwn = namespace !== undefined && namespace !== pidNamespace(process.pid)
  const parents = new Map<number, number>()
  const found = new Set([initPid])
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    if (isOwn && pidNamespace(pid) === namespace) found.add(pid)
    parents.set(pid, parentOf(pid))
  }
  const belongs = (pid: number): boolean =>
    found.has(pid) || (pid > 1 && belongs(parents.get(pid) ?? 0))
  return [...parents.keys()].filter(belongs).toSorted((a, b) => a - b)
}

function pidNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return undefined // It ended, or is somebody else's.
  }
}

/** Field 4 of /proc/PID/stat, proc_pid_stat(5); 0 for a process that has ended. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}
