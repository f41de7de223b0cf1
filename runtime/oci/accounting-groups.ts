import type { CgroupPlan } from '../cgroup/cgroup-plan.ts'
import { ancestorsOf, joinPath } from '../cgroup/group-path.ts'
import type { CgroupHierarchy } from '../cgroup/hierarchy.ts'

/** v1 controllers whose numbers engines show, and whose kills they watch for. */
const counted = ['cpu', 'cpuacct', 'memory', 'blkio', 'pids'] as const

/**
 * The plan with a group in every v1 hierarchy that counts. Engines find a container's statistics by its path in each of
 * them; without the group they would show those of the whole host. A process that has joined one group joins the next
 * ones at hardly any cost.
 */
export function withAccounting(plan: CgroupPlan, hierarchy: CgroupHierarchy): CgroupPlan {
  if (!hierarchy.v1Writable) return plan
  const { location } = plan
  const v1 = { ...location.v1 }
  const added = new Set<string>()
  for (const controller of counted) {
    const mount = hierarchy.v1[controller]
    if (mount === undefined || v1[controller] !== undefined) continue
    const folder = joinPath(mount, location.path)
    if (!Object.values(v1).includes(folder)) added.add(folder)
    v1[controller] = folder
  }
  const folders = [...added].flatMap((leaf) =>
    ancestorsOf(leaf, location.path).map((path) => ({
      path,
      why: 'engines look for its statistics there',
      isShared: true,
    })),
  )
  return {
    ...plan,
    location: { ...location, v1 },
    folders: [...plan.folders, ...folders],
    join: [...plan.join, ...[...added].map((folder) => `${folder}/cgroup.procs`)],
    cleanup: [...plan.cleanup, ...added],
  }
}
