import type { Mount } from '../../spec/config.ts'
import type { ContainerOptions } from '../options.ts'
import type { ContainerFacts } from './facts.ts'

const defaultShmSize = 64 * 1024 * 1024

/** The kernel's own file systems, with the options that docker gives them. */
export function systemMounts(options: ContainerOptions, facts: ContainerFacts): Mount[] {
  return [
    procMount(options, facts),
    tmpfs('/dev', ['nosuid', 'noexec', 'strictatime', 'mode=755', 'size=65536k']),
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: [
        'nosuid',
        'noexec',
        'newinstance',
        'ptmxmode=0666',
        'mode=0620',
        ...ptsGroup(facts),
      ],
    },
    sysMount(options, facts),
    cgroupMount(options),
    ...messageQueues(options, facts),
    ...sharedMemory(options, facts),
  ]
}

function tmpfs(destination: string, options: string[]): Mount {
  return { destination, type: 'tmpfs', source: 'tmpfs', options }
}

function bind(destination: string, source: string, options: string[] = []): Mount {
  return { destination, type: 'bind', source, options: ['rbind', ...options] }
}

/** A proc of a namespace that the user namespace does not own cannot be mounted, only bound. */
function procMount({ namespaces }: ContainerOptions, facts: ContainerFacts): Mount {
  const hardening = ['nosuid', 'noexec', 'nodev']
  if (namespaces.pid.kind === 'host' && isInUserNamespace(facts))
    return bind('/proc', '/proc', hardening)
  return { destination: '/proc', type: 'proc', source: 'proc', options: hardening }
}

function sysMount({ network, security }: ContainerOptions, facts: ContainerFacts): Mount {
  const access = security.privileged ? 'rw' : 'ro'
  const hardening = ['nosuid', 'noexec', 'nodev']
  // sysfs belongs to the network namespace, so the same holds as for proc.
  if (network.mode.kind === 'host' && isInUserNamespace(facts))
    return bind('/sys', '/sys', [...hardening, access])
  return { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...hardening, access] }
}

/** systemd makes groups below its own, where those above are out of sight (CVE-2023-25809). */
function cgroupMount({ security, systemd, namespaces }: ContainerOptions): Mount {
  const isSystemd = systemd === 'always' && namespaces.cgroup.kind === 'private'
  const access = security.privileged || isSystemd ? 'rw' : 'ro'
  return {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['nosuid', 'noexec', 'nodev', 'relatime', access],
  }
}

/** The host may have none mounted, and a user namespace cannot mount those of the host's. */
function messageQueues({ namespaces }: ContainerOptions, facts: ContainerFacts): Mount[] {
  if (namespaces.ipc.kind === 'host' && isInUserNamespace(facts)) return []
  return [
    {
      destination: '/dev/mqueue',
      type: 'mqueue',
      source: 'mqueue',
      options: ['nosuid', 'noexec', 'nodev'],
    },
  ]
}

function sharedMemory({ namespaces, shmSize }: ContainerOptions, facts: ContainerFacts): Mount[] {
  const { ipc } = namespaces
  if (ipc.kind === 'none') return []
  if (ipc.kind === 'host') return [bind('/dev/shm', '/dev/shm')]
  if (ipc.kind === 'container' && facts.joinedShmPath !== undefined)
    return [bind('/dev/shm', facts.joinedShmPath)]
  const size = `size=${shmSize ?? defaultShmSize}`
  return [tmpfs('/dev/shm', ['nosuid', 'noexec', 'nodev', 'mode=1777', size])]
}

/** Group of terminals on every distribution. */
export const ttyGroup = 5

/** The group of terminals, unless a user namespace does not map it: mounting would then fail. */
function ptsGroup({ gidMappings, hasTtyGroup }: ContainerFacts): string[] {
  const isMapped =
    gidMappings.length === 0
      ? hasTtyGroup
      : gidMappings.some(
          ({ containerID, size }) => containerID <= ttyGroup && ttyGroup < containerID + size,
        )
  return isMapped ? [`gid=${ttyGroup}`] : []
}

function isInUserNamespace({ uidMappings, isRootless }: ContainerFacts): boolean {
  return uidMappings.length > 0 || isRootless
}
