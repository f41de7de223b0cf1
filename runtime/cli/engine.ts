// What the commands need of the engine: one method per verb, results close to the stored
// record. Every CONTAINER is a name, an id or an unambiguous prefix of an id; methods throw
// OperationError: NOT_FOUND, BAD_STATE, ALREADY_EXISTS, INVALID_ARGUMENT, UNSUPPORTED, …

import type { AuditReport } from '../audit/audit-container.ts'
import type {
  ContainerOptions,
  ExplanationFormat,
  ResourceOptions,
  RestartPolicy,
} from '../container/options.ts'
import type { ContainerRecord } from '../container/record.ts'
import type { ContainerState } from '../container/state.ts'
import type { NetworkWords } from '../network/network-wish.ts'
import type { CommandIo } from './command-io.ts'
import type { ContentVerbs } from './content-verbs.ts'

export interface Container {
  readonly record: ContainerRecord
  readonly state: ContainerState
  /** Only when asked for: bytes in the writable layer and in all layers. */
  readonly size?: { readonly writable: number; readonly total: number } | undefined
}

export interface RunResult {
  readonly id: string
  /** The program's, for a run in the foreground; absent when detached (also by key sequence). */
  readonly exitCode?: number | undefined
}

export interface AttachOptions {
  readonly stdin: boolean
  readonly sigProxy: boolean
  readonly detachKeys?: readonly number[] | undefined
}

export interface StartOptions {
  /** Stay in the foreground with its output. */
  readonly attach?: AttachOptions | undefined
  /** Print the system calls on stderr first. */
  readonly explain?: ExplanationFormat | false | undefined
}

export interface StopOptions {
  /** Seconds before SIGKILL; -1: for ever; absent: the container's own. */
  readonly timeout?: number | undefined
  readonly signal?: string | undefined
  /** For the time until the machine boots: the restart policy then starts what it would have started. */
  readonly untilBoot?: boolean | undefined
  /** Told why the signal did not do, when SIGKILL has to. */
  readonly warn?: ((text: string) => void) | undefined
}

export interface RemoveOptions {
  readonly force: boolean
  /** Anonymous volumes too. */
  readonly volumes: boolean
  /** Seconds to wait for a running one, with force; absent: 0. */
  readonly timeout?: number | undefined
}

export interface ExecOptions {
  readonly command: readonly string[]
  readonly env: readonly string[]
  readonly interactive: boolean
  readonly tty: boolean
  readonly detach: boolean
  readonly privileged: boolean
  readonly user?: string | undefined
  readonly workdir?: string | undefined
  readonly detachKeys?: readonly number[] | undefined
  readonly preserveFds: number
  /** Print the system calls on stderr first. */
  readonly explain?: ExplanationFormat | false | undefined
}

export interface ListOptions {
  /** Those that do not run too. */
  readonly all: boolean
  readonly size: boolean
}

export interface LogsOptions {
  readonly follow: boolean
  /** Lines from the end; absent: all. */
  readonly tail?: number | undefined
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LogEntry {
  readonly stream: 'stdout' | 'stderr'
  /** RFC 3339 with nanoseconds. */
  readonly time: string
  /** Bytes as written; ends in a newline unless the program's line went on. */
  readonly data: Uint8Array
  readonly attributes?: Readonly<Record<string, string>> | undefined
}

export interface EventsOptions {
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Go on after what is recorded. */
  readonly follow: boolean
  readonly signal?: AbortSignal | undefined
}

export interface EngineEvent {
  readonly type: 'container' | 'image' | 'network' | 'volume'
  /** `create`, `start`, `die`, `health_status: healthy`, … as docker spells them. */
  readonly action: string
  readonly id: string
  readonly attributes: Readonly<Record<string, string>>
  /** RFC 3339 with nanoseconds. */
  readonly time: string
}

export interface StatsSample {
  readonly id: string
  readonly name: string
  /** Of one processor: 200 means two full ones; since the sample before. */
  readonly cpuPercent: number
  readonly memoryBytes: number
  /** The host's memory when there is no limit. */
  readonly memoryLimitBytes: number
  readonly networkReceivedBytes: number
  readonly networkSentBytes: number
  readonly blockReadBytes: number
  readonly blockWrittenBytes: number
  readonly pids: number
  /** Some-pressure over 10 s in per cent, where the kernel tells (PSI). */
  readonly pressure?: { readonly cpu: number; readonly memory: number; readonly io: number }
}

export interface TopOptions {
  /** `ps` descriptors (`pid,comm`) or ps flags, as given; empty: the default columns. */
  readonly arguments: readonly string[]
}

export interface ProcessTable {
  readonly titles: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface UpdateOptions {
  readonly resources: ResourceOptions
  readonly restart?: RestartPolicy | undefined
}

export interface DiffEntry {
  readonly kind: 'added' | 'changed' | 'deleted'
  readonly path: string
}

export interface CopyOptions {
  readonly from: CopyPlace
  readonly to: CopyPlace
  /** Keep uid and gid. */
  readonly archive: boolean
  readonly followLink: boolean
}

/** `-` as a host path is a tar stream on stdin or stdout. */
export type CopyPlace =
  | { readonly kind: 'host'; readonly path: string }
  | { readonly kind: 'container'; readonly container: string; readonly path: string }

export interface NetworkSummary {
  readonly id: string
  readonly name: string
  readonly created: string
  readonly driver: string
  readonly bridgeName: string
  readonly subnets: readonly {
    readonly subnet: string
    readonly gateway?: string | undefined
    /** The part that is given out. */
    readonly range?: string | undefined
    readonly reserved?: Readonly<Record<string, string>> | undefined
  }[]
  readonly internal: boolean
  readonly ipv4: boolean
  readonly ipv6: boolean
  readonly dns: boolean
  readonly labels: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
  readonly containers: readonly {
    readonly id: string
    readonly name: string
    readonly ipv4?: string | undefined
    readonly ipv6?: string | undefined
    readonly mac: string
  }[]
}

export interface NetworkConnectOptions {
  readonly network: string
  readonly container: string
  readonly aliases: readonly string[]
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
  readonly mac?: string | undefined
}

export interface PruneResult {
  readonly deleted: readonly string[]
  readonly reclaimedBytes: number
}

export interface PruneFilter {
  /** Made before, milliseconds since the epoch. */
  readonly until?: number | undefined
  /** `name` or `name=value`; all must match. */
  readonly labels: readonly string[]
  readonly notLabels: readonly string[]
}

export interface VersionInfo {
  readonly version: string
  readonly nodeVersion: string
  readonly ociVersion: string
  readonly kernelVersion: string
  readonly os: string
  readonly arch: string
  readonly gitCommit?: string | undefined
}

export interface SystemInfo {
  readonly version: VersionInfo
  readonly hostname: string
  readonly operatingSystem: string
  readonly processors: number
  readonly memoryBytes: number
  readonly runDir: string
  readonly dataDir: string
  readonly rootless: boolean
  /** What leads containers of an ordinary user out; `none`: nothing does. Absent for root. */
  readonly rootlessNetwork?: 'slirp4netns' | 'pasta' | 'none' | undefined
  readonly cgroupVersion: '1' | '2' | 'hybrid'
  readonly storageDriver: string
  readonly containers: number
  readonly running: number
  readonly paused: number
  readonly stopped: number
  readonly images: number
  readonly securityOptions: readonly string[]
  readonly warnings: readonly string[]
}

export interface DoctorFinding {
  readonly subject: string
  readonly verdict: 'ok' | 'degraded' | 'missing'
  readonly finding: string
  /** Whether containers cannot run at all without it. */
  readonly isRequired: boolean
  /** What the gap costs and what to do; absent when ok. */
  readonly advice?: string | undefined
}

export interface NamespaceReport {
  readonly pid: number
  readonly command: string
  readonly namespaces: readonly {
    readonly kind: string
    readonly inode: string
    /** Other processes in it, a few of them. */
    readonly members: readonly { readonly pid: number; readonly command: string }[]
    readonly memberCount: number
  }[]
}

export interface LimitOptions {
  readonly command: readonly string[]
  readonly resources: ResourceOptions
  readonly name?: string | undefined
  readonly timings: boolean
}

export interface HealthResult {
  readonly healthy: boolean
  readonly exitCode: number
  readonly output: string
}

export interface ServeOptions {
  /** Path; absent: where clients look in the run folder. */
  readonly socket?: string | undefined
  /** Speak the Docker Engine API there rather than our own. */
  readonly docker: boolean
  /** Name or number of the group that may connect too, with `docker`; absent: nobody but root and the user. */
  readonly group?: string | undefined
}

export interface Engine extends ContentVerbs {
  /** `--root`; absent: the user's default folders. */
  readonly root: string | undefined
  create(options: ContainerOptions, io: CommandIo): Promise<{ readonly id: string }>
  run(options: ContainerOptions, io: CommandIo): Promise<RunResult>
  start(container: string, options: StartOptions, io: CommandIo): Promise<RunResult>
  stop(container: string, options: StopOptions): Promise<void>
  restart(container: string, options: StopOptions): Promise<void>
  kill(container: string, signal: string): Promise<void>
  pause(container: string): Promise<void>
  unpause(container: string): Promise<void>
  /** @returns the exit code, once it has ended (or is in `condition`, then 0) */
  wait(container: string, condition?: 'stopped' | 'removed' | 'running'): Promise<number>
  remove(container: string, options: RemoveOptions): Promise<void>
  /** The containers that require it before it. @returns their ids */
  removeWithDependents(container: string, options: RemoveOptions): Promise<readonly string[]>
  rename(container: string, name: string): Promise<void>
  update(container: string, options: UpdateOptions): Promise<void>
  exec(container: string, options: ExecOptions, io: CommandIo): Promise<RunResult>
  attach(container: string, options: AttachOptions, io: CommandIo): Promise<RunResult>

  /** Newest first. */
  list(options: ListOptions): Promise<readonly Container[]>
  inspect(container: string, options?: { readonly size: boolean }): Promise<Container>
  /** The OCI config.json that was compiled. */
  ociConfig(container: string): Promise<unknown>
  logs(container: string, options: LogsOptions): AsyncIterable<LogEntry>
  events(options: EventsOptions): AsyncIterable<EngineEvent>
  /** One array a second, or one alone when `stream` is false. No names: all that run. */
  stats(
    containers: readonly string[],
    options: {
      readonly stream: boolean
      readonly all: boolean
      readonly signal?: AbortSignal | undefined
    },
  ): AsyncIterable<readonly StatsSample[]>
  /** What a running one can do, and what is risky about it. */
  audit(container: string): Promise<AuditReport>
  top(container: string, options: TopOptions): Promise<ProcessTable>
  diff(container: string): Promise<readonly DiffEntry[]>
  copy(options: CopyOptions, io: CommandIo): Promise<void>
  pruneContainers(filter: PruneFilter): Promise<PruneResult>
  healthcheck(container: string): Promise<HealthResult>

  /** The id of an image that is here: `sha256:…`. */
  imageId(reference: string): Promise<string | undefined>
  /** The document of `docker image inspect`. @throws {OperationError} `NOT_FOUND` */
  imageInspect(reference: string): Promise<unknown>
  /** Have an image here, as its pull policy says. @throws {OperationError} `NOT_FOUND` */
  ensureImage(
    reference: string,
    options: Pick<ContainerOptions, 'pull' | 'platform' | 'quiet'>,
    io: CommandIo,
  ): Promise<void>

  networkCreate(words: NetworkWords): Promise<NetworkSummary>
  networkList(): Promise<readonly NetworkSummary[]>
  networkInspect(network: string): Promise<NetworkSummary>
  networkRemove(network: string, options: { readonly force: boolean }): Promise<void>
  networkConnect(options: NetworkConnectOptions): Promise<void>
  /** @returns id of the container whose networks were put in order */
  networkReload(container: string): Promise<string>
  /** Name servers, as addresses. */
  networkUpdate(
    network: string,
    nameServers: { readonly add: readonly string[]; readonly drop: readonly string[] },
  ): Promise<void>
  networkDisconnect(
    network: string,
    container: string,
    options: { readonly force: boolean },
  ): Promise<void>
  networkPrune(filter: PruneFilter): Promise<PruneResult>

  version(): Promise<VersionInfo>
  info(): Promise<SystemInfo>
  doctor(): Promise<readonly DoctorFinding[]>
  namespaces(pids: readonly number[]): Promise<readonly NamespaceReport[]>
  limit(options: LimitOptions, io: CommandIo): Promise<number>
  /** Serve until the signal of `io` ends it. */
  serve(options: ServeOptions, io: CommandIo): Promise<void>
}

/** Opens the engine of one state root; implemented outside the command line. */
export type OpenEngine = (options: {
  /** `--root`; absent: the user's default folders. */
  readonly root?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly debug: boolean
}) => Promise<Engine>
