import { isSysctlPath, sysctlNamespace, sysctlParts } from '../spec/sysctl-name.ts'
import { refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { writeProc } from './security-label.ts'

/** Inner half: settings of the container's own namespaces; the host's are refused. */
export function setSysctls(c: Compilation): void {
  for (const [name, value] of Object.entries(c.linux.sysctl ?? {})) {
    const parts = sysctlParts(name)
    if (!isSysctlPath(parts)) refuseSpec('linux.sysctl', { name })
    requireNamespaced(c, name, parts)
    writeProc(c, `sys/${parts.join('/')}`, value, {
      why: `${name}: a setting of the container’s own namespaces`,
      source: 'https://docs.kernel.org/admin-guide/sysctl/index.html',
    })
  }
}

function requireNamespaced(c: Compilation, name: string, parts: readonly string[]): void {
  const type = sysctlNamespace(parts)
  if (type === undefined)
    refuseSpec(
      'linux.sysctl',
      { name },
      'This setting belongs to the whole machine: set it on the host',
    )
  if (!c.namespaces.has(type))
    refuseSpec(
      'linux.sysctl',
      { name, missing: `${type} namespace` },
      `Without a ${type} namespace this would change the host`,
    )
}
