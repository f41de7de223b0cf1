import { existsSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import type { Architecture } from '../../native/syscall-numbers/number.ts'
import { hostArchitecture } from '../../native/syscall-numbers/number.ts'
import type { CgroupHierarchy } from '../cgroup/hierarchy.ts'
import { readHierarchy } from '../cgroup/read-hierarchy.ts'
import { capabilityNames } from './capability-names.ts'

export interface KernelVersion {
  readonly major: number
  readonly minor: number
  /** As `uname -r` prints it. */
  readonly release: string
}

/** What a plan for this host has to know. Plain data; a test can write one by hand. */
export interface HostFacts {
  readonly kernel: KernelVersion
  readonly architecture: Architecture
  readonly uid: number
  readonly euid: number
  readonly gid: number
  /** Whether this process is in a user namespace other than the initial one. */
  readonly inUserNamespace: boolean
  /** Whether we lack real root: an ordinary user, or "root" of a user namespace. */
  readonly rootless: boolean
  /** Effective capabilities of this process, `CAP_…` names. */
  readonly capabilities: readonly string[]
  /** What a container can be granted at most. */
  readonly boundingCapabilities: readonly string[]
  /** Highest capability number the kernel knows. */
  readonly lastCapability: number
  readonly umask: number
  readonly swapAccounting: boolean
  readonly cgroups: CgroupHierarchy
}

/** Facts that only some requests need; read them when they do. */
export interface HostDetails {
  readonly onlineCpus: number
  readonly lsm: {
    readonly apparmor: boolean
    readonly selinux: boolean
    /** By kernel version and, where securityfs is mounted, its list. */
    readonly landlock: boolean
  }
  /** `undefined`: not registered, but loading the module may help. */
  readonly overlay: boolean | undefined
  readonly ipv6: boolean
  readonly seccomp: boolean
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** @throws nothing: a release that cannot be read counts as 0.0 */
export function parseKernelRelease(text: string): KernelVersion {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(text) ?? []
  return { major: Number(major), minor: Number(minor), release: text }
}

/** Whether a kernel is at least this version. */
export function isAtLeast(kernel: KernelVersion, major: number, minor: number): boolean {
  return kernel.major > major || (kernel.major === major && kernel.minor >= minor)
}

/** A field of `/proc/PID/status` (proc_pid_status(5)); empty when absent. */
export function statusField(status: string, name: string): string {
  const start = status.startsWith(`${name}:`) ? 0 : status.indexOf(`\n${name}:`) + 1
  if (start === 0 && !status.startsWith(`${name}:`)) return ''
  const end = status.indexOf('\n', start)
  return status.slice(start + name.length + 1, end === -1 ? undefined : end).trim()
}

/** Number of CPUs in a kernel list such as `0-3,8`. */
export function countCpuList(list: string): number {
  let count = 0
  for (const part of list.trim().split(',')) {
    const [first = '', last = first] = part.split('-')
    if (first !== '') count += Number(last) - Number(first) + 1
  }
  return count
}

// The initial user namespace maps everything to itself: one line "0 0 4294967295".
function isMappedWhole(uidMap: string): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(uidMap)
}

function readSecurityModules(kernel: KernelVersion): HostDetails['lsm'] {
  const list = readText('/sys/kernel/security/lsm')
  return {
    apparmor:
      existsSync('/sys/module/apparmor/parameters/enabled') &&
      readText('/sys/module/apparmor/parameters/enabled').startsWith('Y'),
    selinux: existsSync('/sys/fs/selinux/enforce'),
    landlock: list === '' ? isAtLeast(kernel, 5, 13) : list.split(',').includes('landlock'),
  }
}

function readOverlay(): boolean | undefined {
  return /\toverlay$/m.test(readText('/proc/filesystems')) ? true : undefined
}

/**
 * Read what the program compiler needs to know of this host: about a dozen small files, no
 * processes, no FFI, nothing changed. Under a millisecond, the first time included.
 */
export function readHostFacts(): HostFacts {
  const status = readText('/proc/self/status')
  const kernel = parseKernelRelease(release())
  const lastCapability = Number(readText('/proc/sys/kernel/cap_last_cap').trim() || '40')
  const names = (field: string): string[] =>
    capabilityNames(BigInt(`0x${statusField(status, field) || '0'}`), lastCapability)
  const [uid = '0', euid = '0'] = statusField(status, 'Uid').split(/\s+/)
  const inUserNamespace = !isMappedWhole(readText('/proc/self/uid_map'))
  const cgroups = readHierarchy()
  return {
    kernel,
    architecture: hostArchitecture,
    uid: Number(uid),
    euid: Number(euid),
    gid: Number(statusField(status, 'Gid').split(/\s+/)[0] ?? '0'),
    inUserNamespace,
    rootless: Number(euid) !== 0 || inUserNamespace,
    capabilities: names('CapEff'),
    boundingCapabilities: names('CapBnd'),
    lastCapability,
    umask: Number.parseInt(statusField(status, 'Umask') || '022', 8),
    swapAccounting: cgroups.swapAccounting,
    cgroups,
  }
}

/** The rest: about eight more small reads, most of them of files that may not exist. */
export function readHostDetails(kernel: KernelVersion): HostDetails {
  return {
    onlineCpus: countCpuList(readText('/sys/devices/system/cpu/online')) || 1,
    lsm: readSecurityModules(kernel),
    overlay: readOverlay(),
    ipv6:
      existsSync('/proc/net/if_inet6') &&
      !readText('/proc/sys/net/ipv6/conf/all/disable_ipv6').startsWith('1'),
    seccomp: existsSync('/proc/sys/kernel/seccomp'),
  }
}
