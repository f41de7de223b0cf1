import { isSysctlPath, sysctlNamespace, sysctlParts } from '../spec/sysctl-name.ts'
import { refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { MOUNT_ATTR } from './flags/values.ts'
import { kernelTree } from './masked-paths.ts'
import { parseMountOptions } from './mount-options.ts'
import type { Slot } from './operand.ts'
import { writeProc } from './security-label.ts'

/** Inner half, after the mounts: settings of the container's own namespaces; the host's are refused. */
export function setSysctls(c: Compilation): void {
  const tree = ownProc(c)
  for (const [name, value] of Object.entries(c.linux.sysctl ?? {})) {
    const parts = sysctlParts(name)
    if (!isSysctlPath(parts)) refuseSpec('linux.sysctl', { name })
    requireNamespaced(c, name, parts)
    writeProc(c, `sys/${parts.join('/')}`, value, {
      why: `${name}: a setting of the container’s own namespaces`,
      source: 'https://docs.kernel.org/admin-guide/sysctl/index.html',
      tree,
    })
  }
}

/**
 * The procfs that was mounted for the container, where it can be written to. In the host's the entries of one name of every
 * network namespace are in one chain, and each start would walk past those of all containers that run.
 */
function ownProc(c: Compilation): Slot | undefined {
  const there = (c.config.mounts ?? []).filter(
    ({ destination }) => kernelTree(destination) === 'procTree',
  )
  const mount = there.at(-1)
  if (mount?.type !== 'proc') return undefined
  const { isBind, isRemount, set, recursiveSet, data } = parseMountOptions(mount.options ?? [])
  const isWritable = ((set | recursiveSet) & MOUNT_ATTR.RDONLY) === 0
  // With `subset=pid` there is nothing but processes.
  const isWhole = data.every(([key]) => key !== 'subset')
  return !isBind && !isRemount && isWritable && isWhole ? c.b.slot('procTree') : undefined
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
