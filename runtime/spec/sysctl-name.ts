import type { NamespaceType } from './linux.ts'

// Names of kernel settings, and which namespace each belongs to.

/** Folders of a sysctl below /proc/sys. As sysctl(8) reads it: the first separator decides. */
export function sysctlParts(name: string): readonly string[] {
  const first = /[./]/.exec(name)?.[0]
  if (first === '/') return name.split('/')
  // In the dotted form a slash stands for a dot within one name (an interface `eth0.1`).
  return name.split('.').map((part) => part.replaceAll('/', '.'))
}

/** The dotted form of either form. */
export function dottedSysctl(name: string): string {
  return sysctlParts(name)
    .map((part) => part.replaceAll('.', '/'))
    .join('.')
}

/** Whether it names something below /proc/sys: `net/../kernel/core_pattern` starts like a network setting. */
export function isSysctlPath(parts: readonly string[]): boolean {
  return !parts.some((part) => part === '' || part === '.' || part === '..')
}

/** Whose setting it is; undefined for one of the whole machine. */
export function sysctlNamespace(parts: readonly string[]): NamespaceType | undefined {
  const [group = '', name = ''] = parts
  if (group === 'net') return 'network'
  if (group === 'user') return 'user'
  if (group === 'fs') return name === 'mqueue' ? 'ipc' : undefined
  if (group !== 'kernel' || parts.length !== 2) return undefined
  if (name === 'domainname' || name === 'hostname') return 'uts'
  return ipcSetting.test(name) ? 'ipc' : undefined
}

/** ipc_namespaces(7), and what checkpointing adds. */
const ipcSetting =
  /^(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced|(?:msg|sem|shm)_next_id)$/
