import { refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import type { NamespaceType } from '../spec/config.ts'
import { writeProc } from './security-label.ts'

const ipcNames = new Set([
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
  'kernel.msg_next_id',
  'kernel.sem_next_id',
  'kernel.shm_next_id',
])
const utsNames = new Set(['kernel.domainname', 'kernel.hostname'])

/** Inner half: settings of the container's own namespaces; the host's are refused. */
export function setSysctls(c: Compilation): void {
  for (const [name, value] of Object.entries(c.linux.sysctl ?? {})) {
    const dotted =
      name.includes('/') && !/^[^/]*\./.test(name)
        ? name.replaceAll(/[./]/g, (sign) => (sign === '/' ? '.' : '/'))
        : name
    checkNamespaced(c, name, dotted)
    const path = `sys/${dotted.replaceAll(/[./]/g, (sign) => (sign === '.' ? '/' : '.'))}`
    if (path.split('/').some((part) => part === '..' || part === ''))
      refuseSpec('linux.sysctl', { name })
    writeProc(c, path, value, {
      why: `${name}: a setting of the container’s own namespaces`,
      source: 'https://docs.kernel.org/admin-guide/sysctl/index.html',
    })
  }
}

function checkNamespaced(c: Compilation, name: string, dotted: string): void {
  const type: NamespaceType | undefined = dotted.startsWith('net.')
    ? 'network'
    : ipcNames.has(dotted) || dotted.startsWith('fs.mqueue.')
      ? 'ipc'
      : utsNames.has(dotted)
        ? 'uts'
        : undefined
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
