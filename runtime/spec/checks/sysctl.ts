import type { Config } from '../config.ts'
import type { NamespaceType } from '../linux.ts'
import { formatPath } from '../problem.ts'
import type { Report } from '../problem.ts'
import { findNamespace } from './namespaces.ts'

const ipcNames = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
])

/** A sysctl that is not per namespace would change the host. */
export function checkSysctl(config: Config, report: Report): void {
  for (const [name, value] of Object.entries(config.linux?.sysctl ?? {})) {
    const path = formatPath(['linux', 'sysctl', name])
    const parts = sysctlParts(name)
    // `net/../kernel/core_pattern` starts like a network setting and ends on the host.
    if (parts.some((part) => part === '' || part === '.' || part === '..')) {
      report(path, 'a name below /proc/sys', name)
      continue
    }
    const dotted = parts.join('.')
    if (dotted === 'kernel.hostname') {
      if (config.hostname !== undefined) report(path, 'hostname or this sysctl, not both', value)
    }
    const owner = namespaceOf(dotted)
    if (owner === undefined) report(path, 'a sysctl that belongs to a namespace', name)
    else if (findNamespace(config, owner) === undefined)
      report(path, `a ${owner} namespace in linux.namespaces`)
  }
}

/** Folders of a sysctl below /proc/sys. As sysctl(8) reads it: the first separator decides. */
export function sysctlParts(name: string): readonly string[] {
  const first = /[./]/.exec(name)?.[0]
  if (first === '/') return name.split('/')
  // In the dotted form a slash stands for a dot within one name (an interface `eth0.1`).
  return name.split('.').map((part) => part.replaceAll('/', '.'))
}

function namespaceOf(name: string): NamespaceType | undefined {
  if (name.startsWith('net.')) return 'network'
  if (name.startsWith('fs.mqueue.') || ipcNames.has(name)) return 'ipc'
  if (name === 'kernel.domainname' || name === 'kernel.hostname') return 'uts'
  if (name.startsWith('user.')) return 'user'
  return undefined
}
