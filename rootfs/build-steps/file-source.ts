/** Which files of a source do not exist for the build; paths relative to it, as text, no leading slash. */
export interface IgnoreRules {
  ignores(path: string): boolean
  /** Whether something below an ignored folder may be taken after all (`!pattern`). */
  readonly hasExceptions: boolean
}

/**
 * A tree that COPY and ADD take files from: the build context, or the merged layers of a stage or an
 * image. It is reached through one descriptor; no path and no symbolic link of it leads out.
 */
export interface FileSource {
  /** Descriptor of its root. */
  readonly root: number
  /** For people: "the build context", "stage builder", "image alpine:3". */
  readonly name: string
  readonly ignore: IgnoreRules | undefined
  /** Files of the context become root's; those of an image keep their owners, unless `--chown` says otherwise. */
  readonly keepsOwners: boolean
  close(): void
  [Symbol.dispose](): void
}
