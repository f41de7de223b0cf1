import type { FileTime } from '../../native/file.ts'
import type { FileSource, IgnoreRules } from './file-source.ts'

/** One operand of COPY or ADD. */
export type CopyOperand =
  /** Wildcards of Go's filepath.Match, and `**`; as written, relative to the source's root. */
  | { readonly kind: 'pattern'; readonly pattern: string }
  /** `ADD https://…`: downloaded before, see `download.ts`. */
  | {
      readonly kind: 'download'
      readonly file: string
      /** Name that a destination folder gives it; undefined where the URL has none. */
      readonly name: string | undefined
      readonly mtime: FileTime | undefined
    }
  /** A heredoc: `name` is its delimiter. */
  | { readonly kind: 'content'; readonly name: string; readonly content: string }

/** COPY or ADD with variables expanded. */
export interface CopyRequest {
  readonly operands: readonly CopyOperand[]
  /** Where patterns look; undefined where there is none among the operands. */
  readonly source: FileSource | undefined
  /** Absolute, WORKDIR in front already; a slash at the end says "a folder". */
  readonly destination: string
  /** `user[:group]`, names or numbers. */
  readonly chown?: string | undefined
  /** Octal (`755`) or symbolic (`u=rwX,go=rX`). */
  readonly chmod?: string | undefined
  /** `--link`: as if there were nothing below. */
  readonly link: boolean
  /** `--parents` */
  readonly parents: boolean
  /** `--exclude`: what of a match is left out, by paths relative to it. */
  readonly excludes?: IgnoreRules | undefined
  /** ADD: local archives are unpacked. */
  readonly unpack: boolean
  /** Of folders that are made on the way, and of heredocs. */
  readonly time: FileTime
  /** Ends the copying; `copyStep` then rejects with the reason. */
  readonly signal?: AbortSignal | undefined
}
