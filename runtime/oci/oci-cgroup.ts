import { existsSync, readFileSync } from 'node:fs'
import { OperationError, hasCode } from '../../native/error.ts'
import type { CgroupLocation, CgroupPlan } from '../cgroup/cgroup-plan.ts'
import { isPopulated } from '../cgroup/kill-all.ts'
import { type CgroupHierarchy, parseControllers } from '../cgroup/hierarchy.ts'
import { planCgroup } from '../cgroup/plan-cgroup.ts'
import type { HostFacts } from '../inspect-host/host-facts.ts'
import type { Config, Resources } from '../spec/config.ts'
import { withAccounting } from './accounting-groups.ts'
import { type UnitPlace, expandSlice, expandSystemdPath, findUnitPlace } from './systemd-path.ts'

export type CgroupManager = 'cgroupfs' | 'systemd' | 'disabled'

type DeviceRule = NonNullable<Resources['devices']>[number]

/** null, zero, full, random, urandom, tty, console, ptmx, every pts: what the default devices are there for. */
const usualDevices: readonly (readonly [number, number | undefined])[] = [
  [1, 3],
  [1, 5],
  [1, 7],
  [1, 8],
  [1, 9],
  [5, 0],
  [5, 1],
  [5, 2],
  [136, undefined],
]

/** Rules that hold whatever the configuration says, as with other runtimes: nodes may be made, the usual ones used. */
const defaultRules: readonly DeviceRule[] = [
  { allow: true, type: 'c', access: 'm' },
  { allow: true, type: 'b', access: 'm' },
  ...usualDevices.map(([major, minor]) => ({
    allow: true,
    type: 'c' as const,
    major,
    ...(minor === undefined ? {} : { minor }),
    access: 'rwm',
  })),
]

/**
 * The control groups of a container, as its configuration wants them. Pure, but for a look at groups that are there.
 *
 * @throws {OperationError} `BAD_STATE` for a group with processes in it; `INVALID_SPEC`, `UNSUPPORTED`
 */
export function planGroups(
  id: string,
  config: Config,
  facts: HostFacts,
  manager: CgroupManager,
): CgroupPlan | undefined {
  if (manager === 'disabled') return undefined
  const path = config.linux?.cgroupsPath ?? ''
  const cgroupPath = path === '' ? `/mycontainer-oci-${id}` : expandSystemdPath(path, manager)
  return planAt(cgroupPath, config, facts, facts.cgroups)
}

/** The unit that systemd is to make for a container. @throws {OperationError} `INVALID_SPEC` */
export function unitOf(id: string, config: Config, { rootless }: HostFacts): UnitPlace | undefined {
  const usual = `${rootless ? 'user' : 'system'}.slice:mycontainer-oci:${id}`
  return findUnitPlace(config.linux?.cgroupsPath || usual, 'systemd')
}

/**
 * The groups of a container whose unit systemd makes: the same, but where systemd has them, and it passes the controllers on.
 *
 * @param top group of the systemd that is asked, as it names it
 * @throws {OperationError} `BAD_STATE`, `INVALID_SPEC`, `UNSUPPORTED`
 */
export function planUnitGroups(
  { unit, slice }: UnitPlace,
  top: string,
  config: Config,
  facts: HostFacts,
): CgroupPlan {
  const path = unit.endsWith('.slice') ? expandSlice(unit) : `${expandSlice(slice)}/${unit}`
  const hierarchy = hierarchyOfUnits(facts.cgroups, top)
  const plan = planAt(`${top}${path}`, config, facts, hierarchy)
  const isPassedOn = ({ file }: { readonly file: string }): boolean =>
    file.endsWith('/cgroup.subtree_control')
  return { ...plan, prepare: plan.prepare.filter((write) => !isPassedOn(write)) }
}

/** Paths begin at the top of the hierarchy then, not where this process may make groups. */
function hierarchyOfUnits(hierarchy: CgroupHierarchy, top: string): CgroupHierarchy {
  const { v2 } = hierarchy
  if (!v2) return hierarchy
  const file = `${v2.mountPoint}${top}/cgroup.controllers`
  const controllers = existsSync(file)
    ? parseControllers(readFileSync(file, 'utf8'))
    : v2.controllers
  return { ...hierarchy, v2: { ...v2, base: v2.mountPoint, controllers } }
}

function planAt(
  cgroupPath: string,
  config: Config,
  facts: HostFacts,
  hierarchy: CgroupHierarchy,
): CgroupPlan {
  const request = { hierarchy, cgroupPath, rootless: facts.rootless }
  const { resources = {} } = config.linux ?? {}
  const wanted = { ...resources, devices: [...(resources.devices ?? []), ...defaultRules] }
  const plan = withAccounting(tolerantPlan({ ...request, resources: wanted }), hierarchy)
  requireEmpty(plan.location)
  // A group that is there already is taken over; what was made is removed by `delete`, or when this start fails.
  return { ...plan, folders: plan.folders.map((folder) => ({ ...folder, isShared: true })) }
}

/** An engine without rights over groups asks for its usual limits all the same, and expects them to be left out. */
function tolerantPlan(request: Parameters<typeof planCgroup>[0]): CgroupPlan {
  try {
    return planCgroup(request)
  } catch (error) {
    if (!request.rootless || !hasCode(error, 'UNSUPPORTED')) throw error
    return planCgroup({ ...request, resources: {} })
  }
}

function requireEmpty(location: CgroupLocation): void {
  const exists = location.v2 !== undefined && existsSync(location.v2)
  if (!exists || !isPopulated(location)) return
  throw new OperationError(
    'BAD_STATE',
    'container’s cgroup is not empty',
    { group: location.path },
    { hint: 'Give the container a group of its own (linux.cgroupsPath), or end what runs in it' },
  )
}

/** Whether there is any group at all: a user without rights over groups has none. */
export function hasGroups({ v2, v1 }: CgroupLocation): boolean {
  return v2 !== undefined || Object.keys(v1).length > 0
}
