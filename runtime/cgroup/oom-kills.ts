import { readKeyedNumbers } from './cgroup-files.ts'
import type { CgroupLocation } from './cgroup-plan.ts'

/**
 * Processes of the group that the OOM killer has ended so far; 0 where nothing counts them.
 *
 * v1 `memory.oom_control` and v2 `memory.events` both have a line `oom_kill N`; the v2 count
 * includes the groups below.
 */
export function readOomKills(location: CgroupLocation): number {
  const v1 = location.v1['memory']
  const counters =
    v1 === undefined
      ? readKeyedNumbers(location.v2, 'memory.events')
      : readKeyedNumbers(v1, 'memory.oom_control')
  return counters.get('oom_kill') ?? 0
}
