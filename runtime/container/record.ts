import type { ContainerOptions, HealthOptions } from './options.ts'

/** What options and image together give: the values that the container really runs with. */
export interface ResolvedConfig {
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  /** `NAME=value`, image first, options last, no name twice. */
  readonly env: readonly string[]
  readonly workdir: string
  /** As written by options or image (`name`, `uid`, `uid:gid`); empty means root. */
  readonly user: string
  readonly stopSignal: string
  readonly labels: Readonly<Record<string, string>>
  /** `80/tcp` and so on, from the image and `--expose`. */
  readonly exposedPorts: readonly string[]
  /** Destinations that the image declares as volumes. */
  readonly imageVolumes: readonly string[]
  readonly health?: HealthOptions | undefined
}

/** A mount as it was made: volume names and relative paths are resolved. */
export interface ResolvedMount {
  readonly type: 'bind' | 'volume' | 'tmpfs' | 'image'
  /** Volume name; absent for the other types. */
  readonly name?: string | undefined
  readonly source: string
  readonly destination: string
  readonly readWrite: boolean
  readonly propagation: string
  /** Made for this container alone and removed with it. */
  readonly anonymous: boolean
}

/** What stays the same from create to rm, except rename and update. Plain JSON. */
export interface ContainerRecord {
  /** Version of this record's shape; readers refuse what they do not know. */
  readonly version: 1
  /** 64 lower-case hexadecimal digits. */
  readonly id: string
  readonly name: string
  /** RFC 3339 with nanoseconds. */
  readonly created: string
  readonly options: ContainerOptions
  readonly resolved: ResolvedConfig
  /** `sha256:…`; empty for `--rootfs`. */
  readonly imageId: string
  /** As the user wrote it. */
  readonly imageReference: string
  readonly mounts: readonly ResolvedMount[]
  readonly bundlePath: string
  readonly configPath: string
  readonly rootfsPath: string
  readonly logPath: string
  readonly hostnamePath: string
  readonly hostsPath: string
  readonly resolvConfPath: string
  readonly cgroupPath: string
}
