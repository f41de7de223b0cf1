import { readKeyedNumbers, readGroupFile, writeGroupFile } from './cgroup-files.ts'
import type { CgroupLocation } from './cgroup-plan.ts'
import { listPids } from './list-pids.ts'
import { waitUntil } from './wait-until.ts'

/**
 * Send SIGKILL to every process of the group, those that are being forked included. Does not
 * wait for them to end. A group that is gone or empty is fine.
 */
export function killAll(location: CgroupLocation): void {
  const { v2 } = location
  // One write, no race with fork (Linux 5.14).
  const isKilled =
    v2 !== undefined &&
    writeGroupFile(`${v2}/cgroup.kill`, '1', 'end every process', [
      'ENOENT',
      'EOPNOTSUPP',
      'ENODEV',
    ])
  if (isKilled || listPids(location).length === 0) return
  killOneByOne(location)
}

/** Whether any process, zombies not counted, lives in the group or below. */
export function isPopulated(location: CgroupLocation): boolean {
  const { v2 } = location
  const populated =
    v2 === undefined ? undefined : readKeyedNumbers(v2, 'cgroup.events').get('populated')
  return populated === undefined ? listPids(location).length > 0 : populated === 1
}

// Frozen processes cannot fork while the list is read; SIGKILL is delivered when they thaw.
function killOneByOne(location: CgroupLocation): void {
  const freezerState = freezerFile(location)
  if (freezerState)
    writeGroupFile(freezerState.path, freezerState.frozen, 'no forks meanwhile', ['ENOENT'])
  try {
    // Without a freezer a forking process is chased: each round kills what is left.
    for (let round = 0; round < 100; round++) {
      const pids = listPids(location)
      if (pids.length === 0) return
      for (const pid of pids) killIfAlive(pid)
      if (freezerState) return
      waitUntil(() => listPids(location).length === 0, 10)
    }
  } finally {
    if (freezerState)
      writeGroupFile(freezerState.path, freezerState.thawed, 'let them die', ['ENOENT'])
  }
}

function freezerFile({
  v2,
  v1,
}: CgroupLocation): { path: string; frozen: string; thawed: string } | undefined {
  if (readGroupFile(v2, 'cgroup.freeze') !== undefined)
    return { path: `${v2}/cgroup.freeze`, frozen: '1', thawed: '0' }
  const folder = v1['freezer']
  if (folder === undefined) return undefined
  return { path: `${folder}/freezer.state`, frozen: 'FROZEN', thawed: 'THAWED' }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended on its own; a process that we may not signal shows in the wait that follows.
  }
}
