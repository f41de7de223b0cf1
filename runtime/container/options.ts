// Everything that create and run can ask for, as plain JSON: what the command line parses
// into, what the TypeScript API takes, what the record stores. Sizes are bytes, durations
// milliseconds. "Absent" always means: image or engine default.

import type { LandlockLevel } from '../security/landlock.ts'
import type { MountSpec } from './mount-spec.ts'

export type PullPolicy = 'always' | 'missing' | 'never' | 'newer'
export type StreamName = 'stdin' | 'stdout' | 'stderr'

export interface RestartPolicy {
  readonly name: 'no' | 'on-failure' | 'always' | 'unless-stopped'
  /** For on-failure: give up after so many; 0 means never. */
  readonly maximumRetryCount: number
}

export interface HealthOptions {
  /** `--no-healthcheck`, or `NONE` in the image. */
  readonly disabled: boolean
  /** `['CMD', …]` is executed, `['CMD-SHELL', line]` goes to the shell. Absent: the image's. */
  readonly test?: readonly string[] | undefined
  /** Default 30 000. */
  readonly intervalMs?: number | undefined
  /** Default 30 000. */
  readonly timeoutMs?: number | undefined
  /** Failures in a row that make it unhealthy; default 3. */
  readonly retries?: number | undefined
  /** Failures do not count so long after the start; default 0. */
  readonly startPeriodMs?: number | undefined
  /** Interval within the start period; default 5 000. */
  readonly startIntervalMs?: number | undefined
  readonly onFailure?: 'none' | 'kill' | 'restart' | 'stop' | undefined
}

/** Which namespace: a new one, the host's, another container's, or one at a path. */
export type NamespaceMode =
  | { readonly kind: 'private' | 'host' | 'shareable' | 'none' }
  | { readonly kind: 'container'; readonly container: string }
  | { readonly kind: 'path'; readonly path: string }

export type NetworkMode =
  | { readonly kind: 'bridge' | 'host' | 'none' }
  | { readonly kind: 'container'; readonly container: string }
  | { readonly kind: 'path'; readonly path: string }
  | {
      readonly kind: 'networks'
      readonly names: readonly string[]
      /** By name of the network. */
      readonly wishes?: Readonly<Record<string, NetworkWish>>
    }

/** What a container wants to be in one of its networks. */
export interface NetworkWish {
  readonly ip?: string
  readonly ip6?: string
  readonly mac?: string
  readonly aliases?: readonly string[]
}

export interface IdMap {
  readonly containerId: number
  readonly hostId: number
  readonly size: number
}

export type UserNamespaceMode =
  | { readonly kind: 'host' | 'private' | 'auto' | 'nomap' }
  | {
      readonly kind: 'keep-id'
      readonly uid?: number | undefined
      readonly gid?: number | undefined
    }
  | { readonly kind: 'container'; readonly container: string }
  | { readonly kind: 'path'; readonly path: string }

/** What of a secret a container gets: a file, or a variable. */
export type SecretOption =
  | {
      readonly type: 'mount'
      /** Name or id. */
      readonly source: string
      /** Absolute path in the container. */
      readonly target: string
      /** Ids in the container. */
      readonly uid: number
      readonly gid: number
      readonly mode: number
    }
  | { readonly type: 'env'; readonly source: string; readonly target: string }

export interface Ulimit {
  /** Lower case without `RLIMIT_`: `nofile`. */
  readonly name: string
  /** -1: no limit. */
  readonly soft: number
  readonly hard: number
}

export interface DeviceOption {
  readonly hostPath: string
  readonly containerPath: string
  /** Subset of `rwm`, in that order. */
  readonly permissions: string
}

export interface DeviceRate {
  readonly path: string
  /** Bytes or operations a second. */
  readonly rate: number
}

/** `update` takes the same set. */
export interface ResourceOptions {
  /** Bytes; 0 or absent: no limit. */
  readonly memory?: number | undefined
  readonly memoryReservation?: number | undefined
  /** Memory plus swap in bytes; -1: no limit on swap. */
  readonly memorySwap?: number | undefined
  readonly memorySwappiness?: number | undefined
  readonly oomKillDisable?: boolean | undefined
  /** Number of processors, at most 9 decimals. */
  readonly cpus?: number | undefined
  readonly cpuShares?: number | undefined
  /** Microseconds. */
  readonly cpuPeriod?: number | undefined
  readonly cpuQuota?: number | undefined
  readonly cpuRealtimePeriod?: number | undefined
  readonly cpuRealtimeRuntime?: number | undefined
  /** Linux list format: `0-3,7`. */
  readonly cpusetCpus?: string | undefined
  readonly cpusetMems?: string | undefined
  /** -1: no limit. */
  readonly pidsLimit?: number | undefined
  /** 10 to 1000; 0: default. */
  readonly blkioWeight?: number | undefined
  readonly blkioWeightDevice?: readonly DeviceRate[] | undefined
  readonly deviceReadBps?: readonly DeviceRate[] | undefined
  readonly deviceWriteBps?: readonly DeviceRate[] | undefined
  readonly deviceReadIops?: readonly DeviceRate[] | undefined
  readonly deviceWriteIops?: readonly DeviceRate[] | undefined
  /** Raw cgroup v2 files (`--cgroup-conf`). */
  readonly unified?: Readonly<Record<string, string>> | undefined
}

export interface SecurityOptions {
  readonly privileged: boolean
  /** Names without `CAP_`, upper case; `ALL` allowed. */
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  readonly noNewPrivileges: boolean
  /** `unconfined`, or a path; absent: built-in profile. */
  readonly seccomp?: string | undefined
  readonly apparmor?: string | undefined
  /** Absent: as far as it cannot be felt. */
  readonly landlock?: LandlockLevel | undefined
  /** SELinux: `disable`, `type:…`, `level:…`, as given. */
  readonly label: readonly string[]
  /** Extra paths to mask. */
  readonly mask: readonly string[]
  /** Paths not to mask; `ALL` for every one. */
  readonly unmask: readonly string[]
  /** `systempaths=unconfined`. */
  readonly systemPathsUnconfined: boolean
}

export interface NetworkOptions {
  readonly mode: NetworkMode
  readonly aliases: readonly string[]
  /** Port specifications as written (`8080:80/tcp`). */
  readonly publish: readonly string[]
  readonly publishAll: boolean
  readonly expose: readonly string[]
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
  readonly mac?: string | undefined
  readonly dns: readonly string[]
  readonly dnsSearch: readonly string[]
  readonly dnsOptions: readonly string[]
  /** `none`-like: leave the image's /etc/hosts alone. */
  readonly noHosts: boolean
  readonly addHosts: readonly HostEntry[]
  /** A file of the host whose lines /etc/hosts begins with. */
  readonly hostsFile?: string | undefined
  /** Containers that it knows under an alias, with their ports and variables, as they are when it starts. */
  readonly links?: readonly LinkOption[] | undefined
}

export interface LinkOption {
  /** Name or id. */
  readonly container: string
  readonly alias: string
}

export interface HostEntry {
  readonly name: string
  /** An address, or `host-gateway`. */
  readonly address: string
}

export interface NamespaceOptions {
  readonly pid: NamespaceMode
  readonly ipc: NamespaceMode
  readonly uts: NamespaceMode
  readonly cgroup: NamespaceMode
  readonly time: NamespaceMode
  readonly user: UserNamespaceMode
  readonly uidMaps: readonly IdMap[]
  readonly gidMaps: readonly IdMap[]
}

export interface LogOptions {
  readonly driver: 'json-file' | 'k8s-file' | 'none'
  readonly path?: string | undefined
  /** Bytes of one file before it is rotated; -1: no limit. Default 10 MiB. */
  readonly maxSize?: number | undefined
  /** Files kept, the current one included; default 3. */
  readonly maxFiles?: number | undefined
  /** Rest of `--log-opt`, as given. */
  readonly other: Readonly<Record<string, string>>
}

/** How `--explain` and `--dry-run` write what a start consists of. */
export type ExplanationFormat = 'text' | 'json'

export interface ContainerOptions {
  /** Image reference, or the root file system's path when `rootfs`. */
  readonly image: string
  /** Arguments after the image. */
  readonly command: readonly string[]
  /** Absent: the image's; empty: none. */
  readonly entrypoint?: readonly string[] | undefined
  readonly name?: string | undefined
  /** `NAME=value`, files already read and merged, in order of precedence, last wins. */
  readonly env: readonly string[]
  /** `NAME=text` with `${OTHER}` of the image's environment in it. */
  readonly envMerge?: readonly string[] | undefined
  /** Names taken out of the image's environment. */
  readonly unsetEnv: readonly string[]
  readonly unsetAllEnv: boolean
  readonly hostname?: string | undefined
  /** Leave the image's /etc/hostname alone. */
  readonly noHostname?: boolean | undefined
  readonly domainname?: string | undefined
  readonly workdir?: string | undefined
  readonly user?: string | undefined
  readonly groupAdd: readonly string[]
  /** Octal digits read as a number; default 0o022. */
  readonly umask?: number | undefined

  readonly interactive: boolean
  /** Its input ends with that of the first client, also where it runs detached. */
  readonly stdinOnce?: boolean
  readonly tty: boolean
  readonly detach: boolean
  readonly attach: readonly StreamName[]
  /** Key sequence as bytes; absent: ctrl-p,ctrl-q; empty: none. */
  readonly detachKeys?: readonly number[] | undefined
  readonly sigProxy: boolean
  readonly preserveFds: number
  /** Removed when it ends. */
  readonly rm: boolean
  /** Its image too. */
  readonly rmi: boolean
  readonly replace: boolean

  readonly mounts: readonly MountSpec[]
  /** What becomes of volumes that the image declares; absent: a volume each. */
  readonly imageVolumes?: 'tmpfs' | 'ignore' | undefined
  readonly secrets?: readonly SecretOption[] | undefined
  /** `CONTAINER[:ro]`. */
  readonly volumesFrom: readonly string[]
  readonly readOnly: boolean
  readonly readOnlyTmpfs: boolean
  readonly shmSize?: number | undefined
  readonly devices: readonly DeviceOption[]
  /** Full names (`vendor.com/class=name`) of devices that specifications describe. */
  readonly cdiDevices?: readonly string[] | undefined
  readonly deviceCgroupRules: readonly string[]
  readonly rootfs: boolean
  readonly storageOptions: Readonly<Record<string, string>>

  readonly resources: ResourceOptions
  readonly ulimits: readonly Ulimit[]
  readonly oomScoreAdj?: number | undefined
  readonly cgroupParent?: string | undefined
  readonly security: SecurityOptions
  readonly network: NetworkOptions
  readonly namespaces: NamespaceOptions
  readonly sysctls: Readonly<Record<string, string>>
  readonly personality?: string | undefined

  readonly init: boolean
  /** Whether its program is systemd: by its name unless said; absent: `true`, which is by its name. */
  readonly systemd?: 'true' | 'false' | 'always' | undefined
  /** A line for /etc/passwd and for /etc/group, with variables in it. */
  readonly passwdEntry?: string | undefined
  readonly groupEntry?: string | undefined
  /** Folders that get the files too that name the container and its network. */
  readonly chrootDirs?: readonly string[] | undefined
  /** Containers that are started before it. */
  readonly requires?: readonly string[] | undefined
  readonly restart: RestartPolicy
  readonly stopSignal?: string | undefined
  /** Seconds before SIGKILL; -1: wait for ever; absent: 10. */
  readonly stopTimeout?: number | undefined
  /** Seconds the container may run; 0 or absent: no limit. */
  readonly timeout?: number | undefined
  readonly health?: HealthOptions | undefined
  readonly log: LogOptions
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly timezone?: string | undefined

  readonly cidfile?: string | undefined
  readonly pidfile?: string | undefined
  readonly pull: PullPolicy
  readonly platform?: string | undefined
  readonly quiet: boolean

  readonly explain: ExplanationFormat | false
  readonly dryRun: ExplanationFormat | false
  readonly timings: boolean
}
