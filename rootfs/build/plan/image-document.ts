/** The "config" object of an image configuration, in OCI and docker spelling. Unknown fields of a base image stay. */
export interface ContainerConfig {
  readonly User?: string
  readonly ExposedPorts?: Readonly<Record<string, object>>
  readonly Env?: readonly string[]
  readonly Entrypoint?: readonly string[] | null
  readonly Cmd?: readonly string[] | null
  readonly Volumes?: Readonly<Record<string, object>>
  readonly WorkingDir?: string
  readonly Labels?: Readonly<Record<string, string>>
  readonly StopSignal?: string
  readonly Healthcheck?: HealthcheckConfig
  readonly Shell?: readonly string[]
  readonly OnBuild?: readonly string[]
}

/** Durations are nanoseconds. */
export interface HealthcheckConfig {
  readonly Test: readonly string[]
  readonly Interval?: number
  readonly Timeout?: number
  readonly StartPeriod?: number
  readonly StartInterval?: number
  readonly Retries?: number
}

export interface HistoryEntry {
  readonly created?: string
  readonly created_by?: string
  readonly author?: string
  readonly comment?: string
  readonly empty_layer?: boolean
}

/** An image configuration document: what a stage begins with, and what it becomes. */
export interface ImageDocument {
  readonly created?: string
  readonly author?: string
  readonly architecture: string
  readonly variant?: string
  readonly os: string
  readonly config: ContainerConfig
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] }
  readonly history: readonly HistoryEntry[]
}

/** `FROM scratch`. */
export function emptyDocument(platform: {
  readonly os: string
  readonly architecture: string
  readonly variant?: string | undefined
}): ImageDocument {
  return {
    architecture: platform.architecture,
    ...(platform.variant === undefined ? {} : { variant: platform.variant }),
    os: platform.os,
    config: {},
    rootfs: { type: 'layers', diff_ids: [] },
    history: [],
  }
}
