import type { Config } from '../config.ts'
import { formatPath } from '../problem.ts'
import type { Report } from '../problem.ts'
import { isSysctlPath, sysctlNamespace, sysctlParts } from '../sysctl-name.ts'
import { findNamespace } from './namespaces.ts'

/** A sysctl that is not per namespace would change the host. */
export function checkSysctl(config: Config, report: Report): void {
  for (const [name, value] of Object.entries(config.linux?.sysctl ?? {})) {
    const path = formatPath(['linux', 'sysctl', name])
    const parts = sysctlParts(name)
    if (!isSysctlPath(parts)) {
      report(path, 'a name below /proc/sys', name)
      continue
    }
    if (parts.join('.') === 'kernel.hostname' && config.hostname !== undefined)
      report(path, 'hostname or this sysctl, not both', value)
    const owner = sysctlNamespace(parts)
    if (owner === undefined) report(path, 'a sysctl that belongs to a namespace', name)
    else if (findNamespace(config, owner) === undefined)
      report(path, `a ${owner} namespace in linux.namespaces`)
  }
}
