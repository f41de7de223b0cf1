/** What an image says about running it: the "config" part of the OCI image configuration. */
export interface ImageConfig {
  readonly env: readonly string[]
  readonly cmd: readonly string[] | undefined
  readonly entrypoint: readonly string[] | undefined
  readonly user: string
  readonly workingDir: string
  readonly volumes: readonly string[]
  /** "8080/tcp", … */
  readonly exposedPorts: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly stopSignal: string | undefined
  readonly healthcheck: ImageHealthcheck | undefined
  readonly shell: readonly string[] | undefined
  readonly onBuild: readonly string[]
  readonly architecture: string
  readonly variant: string | undefined
  readonly os: string
  /** RFC 3339 as the image has it. */
  readonly created: string | undefined
  readonly author: string | undefined
}

/** Durations are nanoseconds, as docker writes them; 0 means inherit. */
export interface ImageHealthcheck {
  /** ["NONE"], ["CMD", program, …] or ["CMD-SHELL", line]; empty means inherit. */
  readonly test: readonly string[]
  readonly interval: number
  readonly timeout: number
  readonly startPeriod: number
  readonly startInterval: number
  readonly retries: number
}

/** An image in the store, ready to run: its layers are unpacked. */
export interface Image {
  /** "sha256:…" of the configuration blob. */
  readonly id: string
  /** Full references, e.g. "docker.io/library/alpine:latest". */
  readonly references: readonly string[]
  /** "sha256:…" of the manifest. */
  readonly digest: string
  readonly config: ImageConfig
  /** Absolute overlayfs layer folders, lowest first. */
  readonly layerFolders: readonly string[]
  /** Bytes of the unpacked files, all layers. */
  readonly size: number
  /** Milliseconds since 1970 of the import. */
  readonly added: number
  /** /etc/passwd of the merged image; undefined where there is none that may be believed. */
  readonly passwd: string | undefined
  readonly group: string | undefined
}

/** What the database keeps of an image; folders are derived from the chain ids. */
export interface ImageRecord {
  readonly config: ImageConfig
  /** "sha256:…" per layer, lowest first. */
  readonly chainIds: readonly string[]
  readonly size: number
  readonly passwd?: string | undefined
  readonly group?: string | undefined
}
