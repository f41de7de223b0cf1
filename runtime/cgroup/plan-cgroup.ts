import { OperationError } from '../../native/error.ts'
import type { CgroupPlan, CgroupRequest, CgroupWrite } from './cgroup-plan.ts'
import type { CgroupHierarchy, CgroupV2 } from './hierarchy.ts'
import { compileDeviceProgram } from './limits/device-program.ts'
import { checkDeviceRules, deviceWritesV1 } from './limits/device-rules.ts'
import { v2Source } from './limits/limit-write.ts'
import type { ControllerLimits } from './plan-limits.ts'
import { planLimits } from './plan-limits.ts'
import { ancestorsOf, joinPath, resolveGroupPath } from './group-path.ts'
import { cpusetInheritance, realtimeInheritance } from './v1-inheritance.ts'

// Turned on wherever the kernel has them, for statistics alone; a refusal costs only numbers.
const accounting = ['cpu', 'io', 'memory', 'pids']

/**
 * Plan the control groups of a container. Pure: nothing is read or changed.
 *
 * @throws {OperationError} `INVALID_SPEC` for a bad value or path, `UNSUPPORTED` (naming the
 *   controller, where it is missing and what to do) for what the hierarchy cannot do
 */
export function planCgroup(request: CgroupRequest): CgroupPlan {
  const { hierarchy, resources = {}, rootless } = request
  const path = resolveGroupPath(request.cgroupPath)
  const warnings: string[] = []
  const limits = planLimits(hierarchy, resources, warnings)
  const rules = rootless ? [] : checkDeviceRules(resources.devices ?? [])
  const hasRules = rules.length > 0
  if (hasRules && hierarchy.deviceControl === 'none') refuseDevices(hierarchy)
  if (hasRules && hierarchy.deviceControl === 'v1')
    limits.push({ controller: 'devices', version: 'v1', writes: deviceWritesV1(rules) })
  addV1Tracking(hierarchy, limits)

  const v2Base = hierarchy.v2?.base
  const v2Folder = v2Base === undefined ? undefined : joinPath(v2Base, path)
  const v1Folders: Record<string, string> = {}
  for (const { controller, version } of limits)
    if (version === 'v1') v1Folders[controller] = joinPath(hierarchy.v1[controller] ?? '', path)
  const leaves = [...new Set([v2Folder, ...Object.values(v1Folders)])].filter(
    (folder) => folder !== undefined,
  )
  return {
    location: { path, v2: v2Folder, v1: v1Folders },
    folders: planFolders(hierarchy, leaves, path),
    prepare: [
      ...(hierarchy.v2 ? enableControllers(hierarchy.v2, limits, path) : []),
      ...cpusetInheritance(hierarchy, v1Folders['cpuset'], path),
      ...realtimeInheritance(v1Folders['cpu'], limits, path),
    ],
    limits: limits.flatMap((limit) => absoluteWrites(limit, v2Folder, v1Folders)),
    cloneInto: v2Folder,
    join: [...new Set(Object.values(v1Folders))].map((folder) => `${folder}/cgroup.procs`),
    devices:
      hasRules && hierarchy.deviceControl === 'bpf' ? compileDeviceProgram(rules) : undefined,
    oom: findOomSource(hierarchy, v2Folder, v1Folders),
    cleanup: leaves,
    warnings,
  }
}

// Where there is no v2 tree at all, one v1 group must hold the container's processes so that
// they can be found, frozen and killed together, and another counts their CPU time.
function addV1Tracking(hierarchy: CgroupHierarchy, limits: ControllerLimits[]): void {
  if (hierarchy.v2?.base !== undefined || !hierarchy.v1Writable) return
  const tracking = ['freezer', 'pids'].find((name) => hierarchy.v1[name] !== undefined)
  for (const controller of [tracking, 'cpuacct']) {
    if (controller === undefined || hierarchy.v1[controller] === undefined) continue
    if (limits.every((limit) => limit.controller !== controller))
      limits.push({ controller, version: 'v1', writes: [] })
  }
}

function planFolders(
  hierarchy: CgroupHierarchy,
  leaves: readonly string[],
  path: string,
): CgroupPlan['folders'] {
  return leaves.flatMap((leaf) => {
    const isV2 = hierarchy.v2?.base !== undefined && leaf === joinPath(hierarchy.v2.base, path)
    const kind = isV2 ? 'v2' : 'v1'
    return ancestorsOf(leaf, path).map((folder) => ({
      path: folder,
      isShared: folder !== leaf,
      why: folder === leaf ? `${kind} group of the container` : `${kind} parent, shared`,
    }))
  })
}

// A group gets a controller's files only when every group above it has passed the controller on.
function enableControllers(
  v2: CgroupV2,
  limits: readonly ControllerLimits[],
  path: string,
): CgroupWrite[] {
  const { base } = v2
  if (base === undefined) return []
  const needed = [
    ...new Set(limits.filter((l) => l.version === 'v2').map((l) => l.controller)),
  ].filter((name) => name !== 'cgroup')
  const optional = accounting.filter(
    (name) => v2.controllers.includes(name) && !needed.includes(name),
  )
  const leaf = joinPath(base, path)
  const parents = [base, ...ancestorsOf(leaf, path).slice(0, -1)]
  const source = `${v2Source}#enabling-and-disabling`
  return parents.flatMap((parent) => {
    const file = joinPath(parent, '/cgroup.subtree_control')
    const writes: CgroupWrite[] = []
    if (needed.length > 0)
      writes.push({
        file,
        value: enableText(needed),
        why: 'pass the limited controllers on',
        source,
      })
    if (optional.length > 0)
      writes.push({
        file,
        value: enableText(optional),
        why: 'count usage; limits do not need it',
        source,
        tolerate: ['EBUSY', 'EINVAL', 'ENOENT', 'EOPNOTSUPP'],
      })
    return writes
  })
}

function enableText(controllers: readonly string[]): string {
  return controllers.map((name) => `+${name}`).join(' ')
}

function absoluteWrites(
  { controller, version, writes }: ControllerLimits,
  v2Folder: string | undefined,
  v1Folders: Readonly<Record<string, string>>,
): CgroupWrite[] {
  const folder = version === 'v2' ? v2Folder : v1Folders[controller]
  return writes.map((write) => ({ ...write, file: `${folder}/${write.file}` }))
}

function findOomSource(
  hierarchy: CgroupHierarchy,
  v2Folder: string | undefined,
  v1Folders: Readonly<Record<string, string>>,
): CgroupPlan['oom'] {
  const v1 = v1Folders['memory']
  if (v1 !== undefined) return { kind: 'v1', folder: v1 }
  if (v2Folder !== undefined && hierarchy.v2?.controllers.includes('memory'))
    return { kind: 'v2', folder: v2Folder }
  return undefined
}

function refuseDevices(hierarchy: CgroupHierarchy): never {
  const closed = hierarchy.v1['devices'] ?? hierarchy.v2?.mountPoint
  throw new OperationError(
    'UNSUPPORTED',
    'restrict devices',
    {
      controller: 'devices',
      mode: hierarchy.mode,
      ...(closed === undefined ? {} : { folder: closed }),
    },
    {
      // The folder is root's and has no permission to write: root itself needs the capability (capabilities(7)).
      hint:
        closed === undefined
          ? 'Mount cgroup v2 (mount -t cgroup2 none /sys/fs/cgroup) on a kernel with bpf(2), or mount the v1 devices hierarchy'
          : 'It is mounted, but no group can be made in it: mount it writable, and give this process CAP_DAC_OVERRIDE if it runs as root without it',
    },
  )
}
