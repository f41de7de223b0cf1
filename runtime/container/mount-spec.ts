// One mount that the user asks for, whatever flag said it (-v, --mount, --tmpfs).

export type Propagation =
  | 'private'
  | 'rprivate'
  | 'shared'
  | 'rshared'
  | 'slave'
  | 'rslave'
  | 'unbindable'
  | 'runbindable'

export interface MountSpec {
  readonly kind: 'bind' | 'volume' | 'tmpfs' | 'image'
  /** bind: absolute host path. volume: its name; absent: an anonymous one. image: reference. */
  readonly source?: string | undefined
  /** Absolute path in the container, normalised. */
  readonly destination: string
  readonly readOnly: boolean
  /** Sub-mounts of a bind are read-only too (`bind-recursive=readonly`, `rro`). */
  readonly recursiveReadOnly: boolean
  /** bind: take sub-mounts along. */
  readonly recursive: boolean
  /** Absent: rprivate. */
  readonly propagation?: Propagation | undefined
  readonly exec?: boolean | undefined
  readonly suid?: boolean | undefined
  readonly dev?: boolean | undefined
  /** volume: copy what the image has there into a new, empty volume. */
  readonly copy: boolean
  /** bind by -v: make the missing host folder, as docker does. */
  readonly createSource: boolean
  /** Path inside the volume or image. */
  readonly subpath?: string | undefined
  /** `z` shared, `Z` private SELinux label. */
  readonly relabel?: 'shared' | 'private' | undefined
  /** `U`: chown the source to the container's user. */
  readonly chown: boolean
  /** Map ids by mount_setattr; empty string: as the container's user namespace. */
  readonly idmap?: string | undefined
  /** Changes to a bind are thrown away (`O`). */
  readonly overlay: boolean
  /** tmpfs: bytes; absent: half of memory, as the kernel has it. */
  readonly tmpfsSize?: number | undefined
  /** tmpfs: permission bits; absent: 0o1777. */
  readonly tmpfsMode?: number | undefined
  /** Further mount options, as given to the kernel. */
  readonly options: readonly string[]
  readonly volumeDriver?: string | undefined
  readonly volumeOptions?: Readonly<Record<string, string>> | undefined
  readonly volumeLabels?: Readonly<Record<string, string>> | undefined
}

/** A plain read-write mount of `kind` at `destination`. */
export function plainMount(kind: MountSpec['kind'], destination: string): MountSpec {
  return {
    kind,
    destination,
    readOnly: false,
    recursiveReadOnly: false,
    recursive: true,
    copy: kind === 'volume',
    createSource: false,
    chown: false,
    overlay: false,
    options: [],
  }
}
