import type { IdMapping } from '../../spec/config.ts'

/** What is mounted in a view but not by the kernel: a volume of a container that does not run. */
export interface ViewMount {
  /** Absolute, clean, one character per byte. */
  readonly destination: string
  readonly isWritable: boolean
  /** @returns a descriptor (`O_PATH`) that the caller closes, or -errno */
  open(): number
}

/** A tree of files that paths are looked up in, and out of which none leads. */
export interface FileView {
  /** Descriptor of the folder that `/` means. */
  readonly root: number
  readonly isWritable: boolean
  readonly mounts: readonly ViewMount[]
  /** How the container's ids are stored on disk; empty: as they are. */
  readonly uidMappings: readonly IdMapping[]
  readonly gidMappings: readonly IdMapping[]
  close(): void
}
