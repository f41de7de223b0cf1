/** A configuration of the OCI runtime specification; cases break it in any way they like. */
export interface BrokenConfig {
  process: {
    args: string[]
    user: Record<string, unknown>
    [key: string]: unknown
  }
  root: Record<string, unknown>
  mounts: Record<string, unknown>[]
  linux: {
    namespaces: Record<string, unknown>[]
    resources: Record<string, unknown>
    [key: string]: unknown
  }
  [key: string]: unknown
}

export interface FailureCase {
  /** What is broken: a title, which is also the key of the recorded words. */
  readonly name: string
  /** Of our command: docker's and podman's codes where these have some. */
  readonly exitCode: number
  /** The operand or fact that is at fault. */
  readonly cause: RegExp
  /** What to do about it. */
  readonly cure: RegExp
}

/** `run` of the broken image, in the words that docker, podman and we share. */
export interface RunCase extends FailureCase {
  /** In front of the image. {host}: the folder of the host's files; {port}: one that is in use. */
  readonly flags?: readonly string[]
  readonly program: readonly string[]
  /** Instructions of the image; absent: it has none. */
  readonly changes?: readonly string[]
  /** What `mycontainer-oci` names, where its words for the cause are others. */
  readonly operand?: RegExp
  /** The same fault in config.json, for a runtime alone. Absent: the program alone where there are no flags or changes. */
  readonly config?: (config: BrokenConfig, host: string) => void
}

/** `load` of an archive. */
export interface LoadCase extends FailureCase {
  /** Break the parts of a good archive, which `docker save` or `podman save` could have written. */
  readonly parts: (good: ReadonlyMap<string, Buffer>) => Map<string, Buffer> | Buffer
}

/** A runtime's own configuration. */
export interface ConfigCase extends FailureCase {
  /** @returns the file's text, where it is no JSON of the changed configuration */
  readonly change: (config: BrokenConfig, host: string) => string | undefined
}

export interface ComposeCase extends FailureCase {
  /** `compose.yaml`. */
  readonly text: string
}

/** One program's answer. */
export interface Words {
  readonly exitCode: number
  readonly text: string
}

/** The recorded answers: of a case, by program. */
export interface RecordedWords {
  readonly versions: Readonly<Record<string, string>>
  readonly cases: Readonly<Record<string, Readonly<Record<string, Words>>>>
}
