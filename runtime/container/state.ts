// What changes while a container lives: the durable half that every transition rewrites.

export type ContainerStatus =
  | 'created' // set up, its program not yet executed
  | 'running'
  | 'paused'
  | 'restarting' // ended, the restart policy will start it again
  | 'exited'
  | 'dead' // half removed; only rm is allowed

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy'

export interface HealthProbe {
  /** RFC 3339 with nanoseconds. */
  readonly start: string
  readonly end: string
  /** -1: the probe itself could not be started. */
  readonly exitCode: number
  /** First 4096 bytes of what the probe wrote. */
  readonly output: string
}

export interface HealthState {
  readonly status: HealthStatus
  readonly failingStreak: number
  /** The last five probes, oldest first. */
  readonly log: readonly HealthProbe[]
}

/** One interface of a container in one network. */
export interface NetworkAttachment {
  readonly network: string
  readonly networkId: string
  /** Absent: `bridge`. */
  readonly driver?: string | undefined
  readonly interfaceName: string
  /** The other end of the pair, on the host's bridge. */
  readonly hostInterface?: string | undefined
  /** Address without prefix; absent when the network has no IPv4. */
  readonly ipv4?: string | undefined
  readonly ipv4PrefixLength?: number | undefined
  readonly ipv4Gateway?: string | undefined
  readonly ipv6?: string | undefined
  readonly ipv6PrefixLength?: number | undefined
  readonly ipv6Gateway?: string | undefined
  readonly mac: string
  readonly aliases: readonly string[]
}

export interface PublishedPort {
  readonly containerPort: number
  readonly protocol: 'tcp' | 'udp' | 'sctp'
  /** `0.0.0.0` or `::` when published on every address. */
  readonly hostIp: string
  readonly hostPort: number
}

export interface ContainerNetwork {
  /** What the container's network namespace can be entered by, e.g. `/proc/PID/ns/net`. */
  readonly namespacePath?: string | undefined
  readonly attachments: readonly NetworkAttachment[]
  readonly ports: readonly PublishedPort[]
}

export interface ContainerState {
  readonly status: ContainerStatus
  /** Process id of the container's init on the host; 0 when it does not run. */
  readonly pid: number
  /** Start time of `pid` in clock ticks (field 22 of /proc/PID/stat), against reuse of the number. */
  readonly pidStartTime?: string | undefined
  /** Process id of the monitor; 0 when there is none. */
  readonly monitorPid: number
  /** Exit code of the last run, 128 + n for signal n; 0 before the first. */
  readonly exitCode: number
  readonly oomKilled: boolean
  /** RFC 3339; absent before the first start. */
  readonly startedAt?: string | undefined
  readonly finishedAt?: string | undefined
  /** Why the last start failed; empty when it did not. */
  readonly error: string
  /** Set when a user asked for the stop: restart policies other than `always` then rest. */
  readonly stoppedByUser: boolean
  readonly restartCount: number
  readonly health?: HealthState | undefined
  readonly network?: ContainerNetwork | undefined
}

/** State of a container that has just been created. */
export function initialState(): ContainerState {
  return {
    status: 'created',
    pid: 0,
    monitorPid: 0,
    exitCode: 0,
    oomKilled: false,
    error: '',
    stoppedByUser: false,
    restartCount: 0,
  }
}
