import { existsSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import type { CgroupResources } from '../../cgroup/resources.ts'
import type { UpdateRequest } from '../../cgroup/update-resources.ts'
import { planCgroup } from '../../cgroup/plan-cgroup.ts'
import { readHostFacts } from '../../inspect-host/host-facts.ts'
import type { CompiledContainer, ContainerWish } from '../compile-container.ts'
import { annotatedProperties } from './annotated-properties.ts'
import { openSystemd } from './manager.ts'
import { changeUnit, startUnit } from './start-unit.ts'
import { unitLimits } from './unit-limits.ts'

/**
 * Compile a container and have systemd make its unit: a scope that begins with the process from which the container is
 * cloned, and goes with the container's last one. Nothing has to be asked of systemd at the end.
 *
 * @param pid lives until the container is there
 * @returns with groups that are there; without a systemd on this host, with groups that the program makes
 * @throws {OperationError} as `compile` does; `ALREADY_EXISTS`, `SYSCALL_FAILED`, `ACCESS_DENIED`, `TIMEOUT` of systemd
 */
export function withUnit(
  wish: ContainerWish,
  pid: number,
  compile: (wish: ContainerWish) => CompiledContainer,
): CompiledContainer {
  const systemd = openSystemd(readHostFacts().rootless, wish.env)
  if (!systemd) return compile(wish)
  try {
    const compiled = compile({ ...wish, unitsTop: systemd.top })
    const { unit, cgroup, config, folder } = compiled
    if (!unit || !cgroup) return compiled
    const properties = annotatedProperties(config.annotations ?? {})
    const description = `Container ${folder.id}`
    const limits = unitLimits(cgroup.limits)
    startUnit(systemd, { ...unit, description, pid, limits, properties }, wish.warn)
    requireGroup(cgroup.location.v2, unit.unit)
    return compiled
  } finally {
    systemd.close()
  }
}

/** Systemd may be of another mind about where the unit is, as when the groups of its namespace are not ours. */
function requireGroup(folder: string | undefined, unit: string): void {
  if (folder === undefined || existsSync(folder)) return
  throw new OperationError(
    'BAD_STATE',
    'find the control group that systemd has made',
    { unit, folder },
    {
      hint: 'Is /sys/fs/cgroup that of the systemd which was asked? Or use --cgroup-manager cgroupfs',
    },
  )
}

/**
 * Changed limits of a container, told to the systemd that has made its unit.
 *
 * @throws {OperationError} `SYSCALL_FAILED`, `TIMEOUT`
 */
export function updateUnit(
  unit: string,
  { location, hierarchy, resources, rootless }: UpdateRequest,
  env: NodeJS.ProcessEnv,
): void {
  const systemd = openSystemd(rootless, env)
  if (!systemd) return
  try {
    const { devices: _unchanged, ...limited }: CgroupResources = resources
    const { limits } = planCgroup({
      hierarchy,
      resources: limited,
      cgroupPath: location.path,
      rootless,
    })
    changeUnit(systemd, unit, unitLimits(limits))
  } finally {
    systemd.close()
  }
}
