import { OperationError } from '../../native/error.ts'
import type { CgroupHierarchy } from './hierarchy.ts'
import { blockIoLimits } from './limits/block-io.ts'
import { cpuLimits } from './limits/cpu.ts'
import { cpusetLimits } from './limits/cpuset.ts'
import type { CgroupVersion, LimitContext, LimitWrite } from './limits/limit-write.ts'
import { memoryLimits } from './limits/memory.ts'
import { pidsLimits } from './limits/pids.ts'
import {
  hugepageLimits,
  networkClassLimits,
  networkPriorityLimits,
  rdmaLimits,
} from './limits/rare-limits.ts'
import { unifiedLimits } from './limits/unified.ts'
import type { CgroupResources } from './resources.ts'

/** What one controller has to hold for this container, and in which hierarchy it sits. */
export interface ControllerLimits {
  readonly controller: string
  readonly version: CgroupVersion
  readonly writes: readonly LimitWrite[]
}

interface Section {
  /** Path below `linux.resources`, for messages. */
  readonly field: string
  /** Name of the controller in each version; absent: that version has none. */
  readonly v1: string
  readonly v2: string | undefined
  readonly convert: (resources: CgroupResources, context: LimitContext) => LimitWrite[]
}

const sections: readonly Section[] = [
  {
    field: 'cpu',
    v1: 'cpu',
    v2: 'cpu',
    convert: ({ cpu }, context) => (cpu ? cpuLimits(cpu, context) : []),
  },
  {
    field: 'cpu.cpus',
    v1: 'cpuset',
    v2: 'cpuset',
    convert: ({ cpu }, context) => (cpu ? cpusetLimits(cpu, context) : []),
  },
  {
    field: 'memory',
    v1: 'memory',
    v2: 'memory',
    convert: ({ memory }, context) => (memory ? memoryLimits(memory, context) : []),
  },
  {
    field: 'pids',
    v1: 'pids',
    v2: 'pids',
    convert: ({ pids }, context) => (pids ? pidsLimits(pids, context) : []),
  },
  {
    field: 'blockIO',
    v1: 'blkio',
    v2: 'io',
    convert: ({ blockIO }, context) => (blockIO ? blockIoLimits(blockIO, context) : []),
  },
  {
    field: 'hugepageLimits',
    v1: 'hugetlb',
    v2: 'hugetlb',
    convert: ({ hugepageLimits: limits = [] }, context) => hugepageLimits(limits, context),
  },
  {
    field: 'rdma',
    v1: 'rdma',
    v2: 'rdma',
    convert: ({ rdma = {} }, context) => rdmaLimits(rdma, context),
  },
  {
    field: 'network.classID',
    v1: 'net_cls',
    v2: undefined,
    convert: ({ network }) =>
      network?.classID === undefined ? [] : networkClassLimits(network.classID),
  },
  {
    field: 'network.priorities',
    v1: 'net_prio',
    v2: undefined,
    convert: ({ network }) => networkPriorityLimits(network?.priorities ?? []),
  },
]

/**
 * Convert `linux.resources` (without device rules) for the hierarchy each controller sits in.
 *
 * @param warnings filled with what was left out safely
 * @throws {OperationError} `INVALID_SPEC`, or `UNSUPPORTED` for a missing controller
 */
export function planLimits(
  hierarchy: CgroupHierarchy,
  resources: CgroupResources,
  warnings: string[],
): ControllerLimits[] {
  const limits: ControllerLimits[] = []
  for (const section of sections) {
    const version = locate(hierarchy, section)
    const context = {
      version: version ?? 'v2',
      swapAccounting: hierarchy.swapAccounting,
      warnings,
    }
    const writes = section.convert(resources, context)
    if (writes.length === 0) continue
    if (version === undefined && writes.every(isUnlimited)) continue
    if (version === undefined) refuseController(hierarchy, section)
    limits.push({ controller: section[version] ?? section.v1, version, writes })
  }
  return applyUnified(hierarchy, limits, resources.unified ?? {})
}

/** What holds as well without the controller. */
function isUnlimited({ value }: LimitWrite): boolean {
  return value === 'max' || value === '-1'
}

function locate(hierarchy: CgroupHierarchy, section: Section): CgroupVersion | undefined {
  const { v2, v1, v1Writable } = hierarchy
  if (v2?.base !== undefined && section.v2 !== undefined && v2.controllers.includes(section.v2))
    return 'v2'
  return v1[section.v1] !== undefined && v1Writable ? 'v1' : undefined
}

// A unified value overrides what the other fields made of the same file.
function applyUnified(
  hierarchy: CgroupHierarchy,
  limits: ControllerLimits[],
  unified: Readonly<Record<string, string>>,
): ControllerLimits[] {
  const settings = unifiedLimits(unified)
  for (const { controller } of settings) {
    const { v2 } = hierarchy
    const isThere = controller === 'cgroup' || v2?.controllers.includes(controller)
    if (v2?.base !== undefined && isThere) continue
    refuseController(hierarchy, { field: 'unified', v1: '', v2: controller })
  }
  const overridden = new Set(Object.keys(unified))
  const kept = limits.map((limit) =>
    limit.version === 'v1'
      ? limit
      : { ...limit, writes: limit.writes.filter(({ file }) => !overridden.has(file)) },
  )
  return [
    ...kept,
    ...settings.map(({ controller, writes }) => ({ controller, version: 'v2' as const, writes })),
  ]
}

/** @throws {OperationError} `UNSUPPORTED`, always */
function refuseController(
  hierarchy: CgroupHierarchy,
  section: Pick<Section, 'field' | 'v1' | 'v2'>,
): never {
  const controller = section.v2 ?? section.v1
  throw new OperationError(
    'UNSUPPORTED',
    `set linux.resources.${section.field}`,
    { controller, missing: describeMissing(hierarchy, section), mode: hierarchy.mode },
    { hint: describeRemedy(hierarchy, section, controller) },
  )
}

function describeMissing(
  { v2, v1, v1Writable }: CgroupHierarchy,
  section: Pick<Section, 'field' | 'v1' | 'v2'>,
): string {
  if (section.v2 !== undefined && v2?.controllers.includes(section.v2))
    return 'no right to make groups'
  if (v1[section.v1] !== undefined && section.v1 !== '' && !v1Writable)
    return 'no right to make groups'
  if (section.v2 === undefined) return 'exists in cgroup v1 only, and is not mounted'
  if (v2?.base === undefined && v2 !== undefined) return 'no right to make groups'
  return v2 ? `not among the controllers of ${v2.base}` : 'cgroup v2 is not mounted'
}

function describeRemedy(
  { mode, v1 }: CgroupHierarchy,
  section: Pick<Section, 'field' | 'v1' | 'v2'>,
  controller: string,
): string {
  if (section.field === 'unified' && mode !== 'v2')
    return `Boot with systemd.unified_cgroup_hierarchy=1 (pure cgroup v2), or use the named fields of linux.resources`
  if (section.v2 === undefined) return `Leave linux.resources.${section.field} out on this host`
  if (mode === 'v2' || v1[section.v1] !== undefined)
    return `Run as root, or delegate "${controller}" to this user (systemd: Delegate=yes on user@.service)`
  if (mode === 'none') return 'Mount cgroups: mount -t cgroup2 none /sys/fs/cgroup'
  return `Enable the ${controller} controller in the kernel, or run without this limit`
}
