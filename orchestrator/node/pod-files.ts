import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from '../api/object.ts'
import { listAt, textAt, valueAt } from '../api/object.ts'
import { isHostNetwork, podHostname } from './sandbox.ts'
import { mountMemory, unmountBelow } from './volumes/mounted.ts'
import type { ContainerMount } from './volumes/container-mounts.ts'

const shmBytes = 64 * 1024 * 1024

/** What every container of a pod shows at the same place: names, name servers, shared memory. */
export function makePodFiles(
  folder: string,
  pod: KubeObject,
  { address, resolvConf }: { readonly address: string; readonly resolvConf: string },
): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  writeFileSync(join(folder, 'etc-hosts'), podHosts(pod, address))
  writeFileSync(join(folder, 'resolv.conf'), resolvConf)
  writeFileSync(join(folder, 'hostname'), `${podHostname(pod)}\n`)
  if (valueAt(pod, ['spec', 'hostIPC']) !== true)
    mountMemory(join(folder, 'shm'), { size: shmBytes, mode: 0o1777 })
}

/** @throws {OperationError} `SYSCALL_FAILED` where something stays mounted */
export function removePodFiles(folder: string): void {
  unmountBelow(join(folder, 'shm'))
}

/** The mounts of {@link makePodFiles}, and of the file for the container's last words. */
export function fileMounts(
  folder: string,
  pod: KubeObject,
  container: { readonly messageFile: string; readonly messagePath: string },
  taken: ReadonlySet<string>,
): ContainerMount[] {
  const files = [
    ['etc-hosts', '/etc/hosts'],
    ['resolv.conf', '/etc/resolv.conf'],
    ['hostname', '/etc/hostname'],
    ...(valueAt(pod, ['spec', 'hostIPC']) === true ? [] : [['shm', '/dev/shm']]),
  ].map(([name = '', destination = '']) => ({ source: join(folder, name), destination }))
  const message = { source: container.messageFile, destination: container.messagePath }
  return [...files, message]
    .filter(({ destination }) => !taken.has(destination))
    .map((file) => ({
      ...file,
      readOnly: false,
      recursiveReadOnly: false,
      propagation: 'rprivate' as const,
    }))
}

/** @see https://kubernetes.io/docs/tasks/network/customize-hosts-file-for-pods/ */
export function podHosts(pod: KubeObject, address: string): string {
  const hostname = podHostname(pod)
  const subdomain = textAt(pod, ['spec', 'subdomain'])
  const domain = `${hostname}.${subdomain ?? ''}.${pod.metadata.namespace ?? ''}.svc.cluster.local`
  const aliases = listAt(pod, ['spec', 'hostAliases']).map((alias) => {
    const names = valueAt(alias, ['hostnames'])
    return `${textAt(alias, ['ip']) ?? ''}\t${Array.isArray(names) ? names.join('\t') : ''}`
  })
  const own = isHostNetwork(pod)
    ? []
    : [`${address}\t${subdomain === undefined ? '' : `${domain}\t`}${hostname}`]
  return [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...own,
    ...(aliases.length === 0 ? [] : ['', '# Entries added by HostAliases.', ...aliases]),
    '',
  ].join('\n')
}
