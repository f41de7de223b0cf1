// What a container gets in its file system unless told otherwise: the sets that Docker uses.

import type { Device } from '../spec/linux.ts'
import type { Mount } from '../spec/mount.ts'
import type { DeviceRule } from '../spec/resources.ts'

/** Search path of a program whose image sets none. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Size of /dev/shm, bytes. */
export const DEFAULT_SHM_SIZE = 64 * 1024 * 1024

const maskedEverywhere: readonly string[] = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts', // keystroke timing, GHSA-6fw5-f8r9-fgfm
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/devices/virtual/powercap', // power readings reveal secrets, GHSA-jq35-85cj-fj4p
  '/sys/firmware',
]

/**
 * Paths hidden from a container that is not privileged. Those that a kernel does not have are
 * skipped when they are applied.
 * @param cpuCount processors of the host, each with its own thermal counters
 */
export function maskedPaths(cpuCount: number): string[] {
  const thermal = Array.from(
    { length: cpuCount },
    (_, cpu) => `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`,
  )
  return [...maskedEverywhere, ...thermal]
}

/** Paths that a container that is not privileged may only read. */
export const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
]

export interface DefaultMountOptions {
  /** Bytes of /dev/shm; default `DEFAULT_SHM_SIZE`. */
  readonly shmSize?: number | bigint | undefined
  /** /sys and the cgroup tree can be written. */
  readonly privileged?: boolean | undefined
}

/** Mounts of every container, in order. Callers leave out or replace what the user asks otherwise. */
export function defaultMounts(options: DefaultMountOptions = {}): Mount[] {
  const { shmSize = DEFAULT_SHM_SIZE, privileged = false } = options
  const access = privileged ? 'rw' : 'ro'
  const safe = ['nosuid', 'noexec', 'nodev']
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: [...safe] },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...safe, access] },
    {
      destination: '/sys/fs/cgroup',
      type: 'cgroup',
      source: 'cgroup',
      options: [access, ...safe],
    },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: [...safe] },
    {
      destination: '/dev/shm',
      type: 'tmpfs',
      source: 'shm',
      options: [...safe, 'mode=1777', `size=${shmSize}`],
    },
  ]
}

function characterDevice(path: string, major: number, minor: number): Device {
  return { path, type: 'c', major, minor, fileMode: 0o666, uid: 0, gid: 0 }
}

/**
 * Devices that the specification demands; /dev/console and /dev/ptmx come with the terminal.
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#default-devices
 */
export const defaultDevices: readonly Device[] = [
  characterDevice('/dev/null', 1, 3),
  characterDevice('/dev/zero', 1, 5),
  characterDevice('/dev/full', 1, 7),
  characterDevice('/dev/random', 1, 8),
  characterDevice('/dev/urandom', 1, 9),
  characterDevice('/dev/tty', 5, 0),
]

/** Symbolic links in /dev, as [path, target]. */
export const deviceLinks: readonly (readonly [path: string, target: string])[] = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/core', '/proc/kcore'],
  ['/dev/ptmx', 'pts/ptmx'],
]

/**
 * Device cgroup of a container that is not privileged: nothing may be opened but the defaults
 * and terminals, while nodes of any kind may be made (CAP_MKNOD decides that).
 */
export const defaultDeviceRules: readonly DeviceRule[] = [
  { allow: false, access: 'rwm' },
  { allow: true, type: 'c', major: -1, minor: -1, access: 'm' },
  { allow: true, type: 'b', major: -1, minor: -1, access: 'm' },
  ...defaultDevices.map(({ major = -1, minor = -1 }): DeviceRule => ({
    allow: true,
    type: 'c',
    major,
    minor,
    access: 'rwm',
  })),
  { allow: true, type: 'c', major: 5, minor: 1, access: 'rwm' }, // console
  { allow: true, type: 'c', major: 5, minor: 2, access: 'rwm' }, // ptmx
  { allow: true, type: 'c', major: 136, minor: -1, access: 'rwm' }, // pts
]

/**
 * Sysctls of a network namespace that is the container's own: any user may listen on low ports and
 * ping. With a user namespace the group range would have to be a mapped one, so it is left out.
 */
export function defaultSysctls(hasUserNamespace: boolean): Record<string, string> {
  return {
    'net.ipv4.ip_unprivileged_port_start': '0',
    ...(hasUserNamespace ? {} : { 'net.ipv4.ping_group_range': '0 2147483647' }),
  }
}
