import type { CgroupWrite } from './cgroup-plan.ts'
import type { CgroupHierarchy } from './hierarchy.ts'
import { v1Source } from './limits/limit-write.ts'
import type { ControllerLimits } from './plan-limits.ts'
import { ancestorsOf } from './group-path.ts'

/**
 * A new v1 cpuset group has no CPUs and no memory nodes, and takes no process until it has: every
 * level starts with what the root has.
 */
export function cpusetInheritance(
  { v1Cpuset }: CgroupHierarchy,
  leaf: string | undefined,
  path: string,
): CgroupWrite[] {
  if (leaf === undefined || v1Cpuset === undefined) return []
  const source = `${v1Source}/cpusets.html`
  const why = 'a new cpuset group is empty: begin with all that the host has'
  return ancestorsOf(leaf, path).flatMap((folder) => [
    { file: `${folder}/cpuset.cpus`, value: v1Cpuset.cpus, why, source },
    { file: `${folder}/cpuset.mems`, value: v1Cpuset.mems, why, source },
  ])
}

/** Real-time share is handed down: shared parents need some before the group can have any. */
export function realtimeInheritance(
  leaf: string | undefined,
  limits: readonly ControllerLimits[],
  path: string,
): CgroupWrite[] {
  const isRealtime = limits.some(({ version, writes }) =>
    writes.some(({ file }) => version === 'v1' && file === 'cpu.rt_runtime_us'),
  )
  if (leaf === undefined || !isRealtime) return []
  return ancestorsOf(leaf, path)
    .slice(0, -1)
    .map((folder) => ({
      file: `${folder}/cpu.rt_runtime_us`,
      value: '900000',
      why: 'parents hold the real-time share that their groups divide',
      source: 'https://docs.kernel.org/scheduler/sched-rt-group.html',
    }))
}
