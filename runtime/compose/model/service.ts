// A service in the long form of every field: what files are merged in, and what plans are made from.

export type Words = readonly string[]
/** Null: the value is taken from the environment of whoever runs Compose. */
export type Variables = Readonly<Record<string, string | null>>
export type Texts = Readonly<Record<string, string>>

export interface FileReference {
  readonly source: string
  /** Absent: `/run/secrets/SOURCE` or `/SOURCE`. */
  readonly target?: string
  readonly uid?: string
  readonly gid?: string
  /** Octal. */
  readonly mode?: string
}

export interface Port {
  readonly target: string
  /** A port or a range; absent: any free one. */
  readonly published?: string
  readonly hostIp?: string
  readonly protocol: string
}

export interface ServiceVolume {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image'
  readonly source?: string
  readonly target: string
  readonly readOnly?: boolean
  readonly propagation?: string
  /** A folder that is not on the host is made. */
  readonly createHostPath?: boolean
  readonly selinux?: string
  readonly nocopy?: boolean
  readonly subpath?: string
  /** Bytes, as written. */
  readonly tmpfsSize?: string
  /** Octal. */
  readonly tmpfsMode?: string
}

export type DependencyCondition =
  | 'service_started'
  | 'service_healthy'
  | 'service_completed_successfully'

export interface Dependency {
  readonly condition: DependencyCondition
  /** This service is started again when the other one is. */
  readonly restart: boolean
  readonly required: boolean
}

export interface HealthCheck {
  readonly disable?: boolean
  /** `CMD …`, `CMD-SHELL line` or `NONE`. */
  readonly test?: Words
  readonly interval?: string
  readonly timeout?: string
  readonly retries?: number
  readonly startPeriod?: string
  readonly startInterval?: string
}

export interface ServiceNetwork {
  readonly aliases?: Words
  readonly ipv4?: string
  readonly ipv6?: string
  readonly mac?: string
  readonly priority?: number
}

export interface Build {
  readonly context?: string
  readonly dockerfile?: string
  readonly dockerfileInline?: string
  readonly args?: Variables
  readonly target?: string
  readonly labels?: Texts
  readonly cacheFrom?: Words
  readonly cacheTo?: Words
  readonly noCache?: boolean
  readonly pull?: boolean
  readonly platforms?: Words
  readonly network?: string
  readonly tags?: Words
  /** Name of a secret of the project, and the id that the build knows it by. */
  readonly secrets?: readonly FileReference[]
}

export interface Deploy {
  readonly labels?: Texts
  readonly mode?: string
  readonly replicas?: number
  readonly limits?: { readonly cpus?: string; readonly memory?: string; readonly pids?: number }
  readonly reservations?: { readonly memory?: string }
  readonly restart?: { readonly condition?: string; readonly maxAttempts?: number }
}

/** A program that is executed in a container of the service. */
export interface Hook {
  readonly command: Words
  readonly user?: string
  readonly privileged?: boolean
  readonly workingDir?: string
  readonly environment?: Variables
}

export interface WatchRule {
  readonly path: string
  readonly action: 'sync' | 'rebuild' | 'restart' | 'sync+restart' | 'sync+exec'
  readonly target?: string
  readonly ignore?: Words
  /** Absent: everything. */
  readonly include?: Words
  /** What is there already is copied when watching begins. */
  readonly initialSync?: boolean
  /** Of `sync+exec`. */
  readonly exec?: Hook
}

export interface Logging {
  readonly driver?: string
  readonly options?: Texts
}

export interface EnvironmentFile {
  readonly path: string
  readonly required: boolean
  /** `raw`: no quotes, no variables. */
  readonly format?: string
}

export interface Service {
  readonly annotations?: Texts
  readonly attach?: boolean
  /** Values of the flags by their names: `device-read-bps` → `/dev/sda:1mb`. */
  readonly blockIo?: Readonly<Record<string, Words>>
  readonly build?: Build
  readonly capAdd?: Words
  readonly capDrop?: Words
  readonly cgroup?: string
  readonly cgroupParent?: string
  readonly command?: Words
  readonly configs?: readonly FileReference[]
  readonly containerName?: string
  readonly cpuPeriod?: string
  readonly cpuQuota?: string
  readonly cpuRealtimePeriod?: string
  readonly cpuRealtimeRuntime?: string
  readonly cpuShares?: string
  readonly cpus?: string
  readonly cpuset?: string
  readonly dependsOn?: Readonly<Record<string, Dependency>>
  readonly deploy?: Deploy
  readonly deviceCgroupRules?: Words
  /** `SOURCE:TARGET:PERMISSIONS`. */
  readonly devices?: Words
  readonly dns?: Words
  readonly dnsOptions?: Words
  readonly dnsSearch?: Words
  readonly domainname?: string
  readonly entrypoint?: Words
  readonly envFiles?: readonly EnvironmentFile[]
  readonly environment?: Variables
  readonly expose?: Words
  /** `HOST:ADDRESS`. */
  readonly extraHosts?: Words
  /** Values of `--gpus`. */
  readonly gpus?: Words
  readonly groupAdd?: Words
  readonly healthcheck?: HealthCheck
  readonly hostname?: string
  readonly image?: string
  readonly init?: boolean
  readonly ipc?: string
  readonly labels?: Texts
  readonly labelFiles?: Words
  /** `SERVICE[:ALIAS]`. */
  readonly links?: Words
  readonly logging?: Logging
  readonly macAddress?: string
  readonly memory?: string
  readonly memoryReservation?: string
  readonly memorySwap?: string
  readonly memorySwappiness?: string
  readonly networkMode?: string
  readonly networks?: Readonly<Record<string, ServiceNetwork>>
  readonly oomKillDisable?: boolean
  readonly oomScoreAdj?: string
  readonly pid?: string
  readonly pidsLimit?: string
  readonly platform?: string
  readonly ports?: readonly Port[]
  readonly postStart?: readonly Hook[]
  readonly preStop?: readonly Hook[]
  readonly privileged?: boolean
  readonly profiles?: Words
  readonly pullPolicy?: string
  readonly readOnly?: boolean
  readonly restart?: string
  readonly scale?: number
  readonly secrets?: readonly FileReference[]
  readonly securityOpt?: Words
  readonly shmSize?: string
  readonly stdinOpen?: boolean
  /** As a duration. */
  readonly stopGracePeriod?: string
  readonly stopSignal?: string
  readonly storageOpt?: Texts
  readonly sysctls?: Texts
  readonly tmpfs?: Words
  readonly tty?: boolean
  /** `SOFT:HARD`. */
  readonly ulimits?: Texts
  readonly user?: string
  readonly usernsMode?: string
  readonly uts?: string
  readonly volumes?: readonly ServiceVolume[]
  /** `SERVICE[:ro]` or `container:NAME[:ro]`. */
  readonly volumesFrom?: Words
  readonly watch?: readonly WatchRule[]
  readonly workingDir?: string
}
