import type { Config, Device, IdMapping } from '../../spec/config.ts'
import type { MountSpec } from '../mount-spec.ts'

/** A mount whose source the engine has found or made: volume folder, bind source, image tree. */
export interface PlacedMount {
  readonly spec: MountSpec
  /** Absolute host path; unused for tmpfs. */
  readonly source: string
}

export interface HostDevice extends Pick<Device, 'fileMode' | 'uid' | 'gid'> {
  readonly path: string
  readonly type: 'b' | 'c'
  readonly major: number
  readonly minor: number
}

type Seccomp = NonNullable<Config['linux']>['seccomp']

/** What the configuration depends on besides options and image; all of it looked up before. */
export interface ContainerFacts {
  /** 64 hexadecimal digits; the default host name is the first 12. */
  readonly id: string
  readonly rootfsPath: string
  /** Mounts in addition to the system's: see `wantedMounts`. */
  readonly mounts: readonly PlacedMount[]
  /** Files to bind over /etc/hostname, /etc/hosts, /etc/resolv.conf; absent: the image's stays. */
  readonly hostnamePath?: string | undefined
  readonly hostsPath?: string | undefined
  readonly resolvConfPath?: string | undefined
  /** Time zone file of the host to bind over /etc/localtime; absent: the image's stays. */
  readonly localtimePath?: string | undefined
  /** Text of the container's /etc/passwd and /etc/group, where they may be believed. */
  readonly passwd?: string | undefined
  readonly group?: string | undefined
  /** Files of namespaces to join, for every mode of kind `container` or `path`. */
  readonly namespacePaths: Partial<Readonly<Record<NamespaceKey, string>>>
  /** The host name inside, where the UTS namespace is not new. */
  readonly joinedHostname?: string | undefined
  /** /dev/shm of the container whose IPC namespace is joined. */
  readonly joinedShmPath?: string | undefined
  readonly cgroupPath: string
  /** Rows of the new user namespace; empty when the host's is kept. */
  readonly uidMappings: readonly IdMapping[]
  readonly gidMappings: readonly IdMapping[]
  /** The engine itself runs in a user namespace. */
  readonly isRootless: boolean
  /** Whether the engine's user namespace has the group of terminals, 5. */
  readonly hasTtyGroup: boolean
  /** Number of the kernel's last capability (/proc/sys/kernel/cap_last_cap). */
  readonly lastCapability?: number | undefined
  /** What the engine may grant at most: its own bounding set; absent: everything. */
  readonly boundingCapabilities?: readonly string[] | undefined
  /** Devices at a host path: one, or all in a folder; throws when there is none. */
  readonly devicesAt: (path: string) => readonly HostDevice[]
  /** All of the host's, for --privileged. */
  readonly allDevices: () => readonly HostDevice[]
  /** The profile for a container with these capabilities; undefined: none. */
  readonly seccompFor: (capabilities: readonly string[]) => Seccomp
  /** AppArmor profile of its programs; absent: none. */
  readonly apparmorProfile?: string | undefined
  /** SELinux labels of its programs and of its mounts; absent: none. */
  readonly selinux?: { readonly process: string; readonly mount: string } | undefined
  /** Names of the host's processors, as in /sys/devices/system/cpu. */
  readonly cpus?: readonly string[] | undefined
  readonly consoleSize?: { readonly height: number; readonly width: number } | undefined
}

export type NamespaceKey = 'pid' | 'network' | 'ipc' | 'uts' | 'user' | 'cgroup' | 'time'
