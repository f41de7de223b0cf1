import { readFileSync, readdirSync } from 'node:fs'
import { listPids } from '../cgroup/list-pids.ts'
import type { OciContainer } from './oci-record.ts'

/** Numbers of all processes of a container, ascending; of one without groups: its init and what comes from it. */
export function containerProcesses({ record, pid }: OciContainer): number[] {
  if (record.cgroup) return listPids(record.cgroup)
  return pid === 0 ? [] : withDescendants(pid)
}

function withDescendants(first: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc'))
    if (/^\d+$/.test(name)) parents.set(Number(name), parentOf(name))
  const found = new Set([first])
  // Children may have lower numbers than their parents: look until nothing is added.
  for (let before = 0; before !== found.size;) {
    before = found.size
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid)
  }
  return [...found].toSorted((a, b) => a - b)
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0 // It has ended meanwhile.
  }
}
