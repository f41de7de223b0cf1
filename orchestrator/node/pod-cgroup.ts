import { existsSync, rmdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { isSystemError } from '../../native/system-error.ts'
import { applyPlan } from '../../runtime/cgroup/apply-plan.ts'
import type { CgroupLocation } from '../../runtime/cgroup/cgroup-plan.ts'
import { joinPath } from '../../runtime/cgroup/group-path.ts'
import { planCgroup } from '../../runtime/cgroup/plan-cgroup.ts'
import { removeGroup } from '../../runtime/cgroup/remove-group.ts'
import type { CgroupResources } from '../../runtime/cgroup/resources.ts'
import type { HostFacts } from '../../runtime/inspect-host/host-facts.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { textAt, valueAt } from '../api/object.ts'
import { qosClass } from '../api/qos-class.ts'
import { parseQuantity } from '../api/quantity.ts'
import { containerSpecs } from './pod-containers.ts'

// Groups as the kubelet makes them: /kubepods/POD for guaranteed pods, others below the group of their class, so that
// what asked for nothing yields to all that did. Nodes of one machine share the upper groups; a pod's is its own.

const top = '/kubepods'
const classFolders = { Guaranteed: '', Burstable: '/burstable', BestEffort: '/besteffort' } as const
const period = 100_000
const sharesOfCpu = 1024
const leastShares = 2
/** Milliseconds in which a group whose processes have ended can be removed. */
const patience = 200

/** The group that holds the groups of a pod's containers. */
export function podCgroup(pod: KubeObject): string {
  return `${top}${classFolders[classOf(pod)]}/pod${pod.metadata.uid ?? ''}`
}

function classOf(pod: KubeObject): keyof typeof classFolders {
  const known = textAt(pod, ['status', 'qosClass'])
  return known === 'Guaranteed' || known === 'Burstable' || known === 'BestEffort'
    ? known
    : qosClass(pod.spec ?? {})
}

/**
 * What all containers of a pod may use together: their sum, or what one of the init containers needs, if that is more.
 * A limit is one only where every container has it.
 *
 * @see https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 */
export function podResources(pod: KubeObject): CgroupResources {
  const request = together(pod, (spec) => amount(spec, 'requests', 'cpu') ?? 0) ?? 0
  const cpu = together(pod, (spec) => amount(spec, 'limits', 'cpu') || undefined)
  const memory = together(pod, (spec) => amount(spec, 'limits', 'memory') || undefined)
  const shares = Math.max(leastShares, Math.floor(request * sharesOfCpu))
  return {
    cpu: { shares, ...(cpu === undefined ? {} : { quota: Math.ceil(cpu * period), period }) },
    ...(memory === undefined ? {} : { memory: { limit: Math.ceil(memory) } }),
  }
}

function amount(spec: JsonObject, list: 'limits' | 'requests', name: string): number | undefined {
  return parseQuantity(valueAt(spec, ['resources', list, name]))
}

/** @returns undefined where one container has none */
function together(
  pod: KubeObject,
  of: (spec: JsonObject) => number | undefined,
): number | undefined {
  let [sum, most] = [0, 0]
  for (const { role, spec } of containerSpecs(pod)) {
    if (role === 'ephemeral') continue
    const own = of(spec)
    if (own === undefined) return undefined
    if (role === 'init') most = Math.max(most, own)
    else sum += own
  }
  // An init container runs beside the sidecars; with all of them it has enough.
  return Math.max(sum, most + sidecars(pod, of))
}

function sidecars(pod: KubeObject, of: (spec: JsonObject) => number | undefined): number {
  return containerSpecs(pod)
    .filter(({ role }) => role === 'sidecar')
    .reduce((sum, { spec }) => sum + (of(spec) ?? 0), 0)
}

/** Make the groups above all pods; once. @throws {OperationError} `SYSCALL_FAILED` naming the file */
export function makeClassGroups({ cgroups, rootless }: HostFacts): void {
  const shares = availableParallelism() * sharesOfCpu
  for (const [path, cpu] of [
    [top, { shares }],
    [`${top}${classFolders.BestEffort}`, { shares: leastShares }],
  ] as const)
    applyPlan(planCgroup({ hierarchy: cgroups, cgroupPath: path, resources: { cpu }, rootless }), {
      isNew: false,
    })
}

/**
 * Take away the groups above all pods where no pod is in them any more; fine where there are none. Nodes of one machine
 * share them: what another node needs again it makes again.
 */
export function removeClassGroups({ cgroups }: Pick<HostFacts, 'cgroups'>): void {
  for (const folder of [classFolders.Burstable, classFolders.BestEffort, ''])
    for (const path of foldersOf(locationOf(cgroups, `${top}${folder}`)))
      try {
        rmdirSync(path)
      } catch (error) {
        if (!['ENOENT', 'EBUSY', 'ENOTEMPTY'].some((code) => isSystemError(error, code)))
          throw error
      }
}

function foldersOf({ v1, v2 }: CgroupLocation): string[] {
  return [...Object.values(v1), ...(v2 === undefined ? [] : [v2])]
}

function hasClassGroups(cgroups: HostFacts['cgroups']): boolean {
  return [top, `${top}${classFolders.BestEffort}`].every((path) =>
    // Not every controller has them: those that limit nothing here have none.
    foldersOf(locationOf(cgroups, path)).some((folder) => existsSync(folder)),
  )
}

/** Make the group of a pod; fine where it is there. @throws {OperationError} `SYSCALL_FAILED` naming the file */
export function makePodGroup(facts: HostFacts, pod: KubeObject): void {
  const { cgroups, rootless } = facts
  if (!hasClassGroups(cgroups)) makeClassGroups(facts)
  const request = { hierarchy: cgroups, cgroupPath: podCgroup(pod), rootless }
  applyPlan(planCgroup({ ...request, resources: podResources(pod) }), { isNew: false })
}

/** End what is left in the group of a pod, of whatever class, and remove it. @throws {OperationError} `TIMEOUT` */
export function removePodGroup({ cgroups }: Pick<HostFacts, 'cgroups'>, uid: string): void {
  for (const folder of Object.values(classFolders))
    removeGroup(locationOf(cgroups, `${top}${folder}/pod${uid}`), patience)
}

function locationOf(cgroups: HostFacts['cgroups'], path: string): CgroupLocation {
  const base = cgroups.v2?.base
  const v1 = cgroups.v1Writable ? Object.entries(cgroups.v1) : []
  return {
    path,
    ...(base === undefined ? {} : { v2: joinPath(base, path) }),
    v1: Object.fromEntries(v1.map(([name, mount]) => [name, joinPath(mount, path)])),
  }
}
