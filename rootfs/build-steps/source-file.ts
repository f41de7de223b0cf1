import type { FileTime } from '../../native/file.ts'

export type SourceKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'fifo'
  | 'character-device'
  | 'block-device'

/** One file that a COPY takes. Names have one character per byte. */
export interface SourceFile {
  /** Relative to the root of the source, without symbolic links, no leading slash; "" is the root. */
  readonly path: string
  /** Relative to what the pattern matched; "" for that itself. */
  readonly relative: string
  readonly kind: SourceKind
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: FileTime
  readonly device: bigint
  readonly inode: bigint
  readonly links: number
  readonly changed: bigint
  /** Device number that the node stands for. */
  readonly rdev: bigint
  /** Of a symbolic link. */
  readonly target?: string | undefined
}

/** What one match of a COPY pattern stands for. */
export interface SelectedSource {
  /** Last name of the match as it was written (before symbolic links), for `COPY a b dir/`. */
  readonly base: string
  /** Folders to put it below, of `--parents`, outermost first, `relative` to the destination; none without. */
  readonly parents: readonly SourceFile[]
  /** The matched file itself first, then what is below, parents before children, in byte order. */
  readonly files: readonly SourceFile[]
}
