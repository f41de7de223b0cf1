import type { FileSource } from './file-source.ts'
import type { StepFolder } from './step-folder.ts'

/** `RUN --mount=…` with variables expanded and `from=` resolved. Targets are absolute. */
export type RunMount =
  | {
      readonly kind: 'bind'
      readonly target: string
      readonly from: MountSource
      /** Path inside `from`; absent: its root. */
      readonly source?: string | undefined
      /** Writes are allowed, and thrown away. */
      readonly readWrite: boolean
    }
  | {
      readonly kind: 'cache'
      readonly target: string
      /** Absent: the target. */
      readonly id?: string | undefined
      readonly readOnly: boolean
      readonly sharing: 'shared' | 'private' | 'locked'
      /** What a new cache begins with; absent: nothing. */
      readonly from?: MountSource | undefined
      readonly source?: string | undefined
      /** Of a new cache's folder; defaults 0o755, 0, 0. */
      readonly mode?: number | undefined
      readonly uid?: number | undefined
      readonly gid?: number | undefined
    }
  | {
      readonly kind: 'tmpfs'
      readonly target: string
      /** Bytes; absent: the kernel's default. */
      readonly size?: number | undefined
    }
  | {
      /** A file, or with `env` a variable, that only this command sees. */
      readonly kind: 'secret'
      /** Absent with `env` alone: no file. */
      readonly target?: string | undefined
      readonly env?: string | undefined
      readonly content: Buffer
      /** Defaults 0o400, 0, 0. */
      readonly mode?: number | undefined
      readonly uid?: number | undefined
      readonly gid?: number | undefined
    }
  | {
      /** The agent's socket on the host. */
      readonly kind: 'ssh'
      readonly target: string
      readonly socket: string
      readonly mode?: number | undefined
      readonly uid?: number | undefined
      readonly gid?: number | undefined
    }

/** Where a bind mount or the start of a cache comes from. */
export type MountSource =
  | {
      readonly kind: 'context'
      /** Absolute path of its root. */
      readonly folder: string
      readonly source: FileSource
    }
  /** Layers of a stage or image, lowest first. */
  | { readonly kind: 'layers'; readonly folders: readonly string[] }

/** One RUN, with variables expanded and the shell in front already. */
export interface RunRequest {
  /** Gets what the command changes. The layers below may be empty. */
  readonly step: StepFolder
  /** Program and arguments. */
  readonly command: readonly string[]
  /** Text for standard input (a heredoc that goes to a program); absent: nothing. */
  readonly input?: string | undefined
  /** `NAME=value`, ARG and ENV; nothing of the caller's own environment is added. */
  readonly env: readonly string[]
  readonly workdir: string
  /** `user[:group]`; empty: root. */
  readonly user: string
  readonly network: 'default' | 'none' | 'host'
  readonly mounts: readonly RunMount[]
  readonly addHosts?: readonly { readonly name: string; readonly address: string }[] | undefined
  readonly hostname?: string | undefined
  /** `--shm-size`, bytes. */
  readonly shmSize?: number | undefined
  /** `--memory`, bytes. */
  readonly memory?: number | undefined
  /** `--cpus` */
  readonly cpus?: number | undefined
  readonly pids?: number | undefined
  /** `--ulimit` */
  readonly ulimits?:
    | readonly { readonly name: string; readonly soft: number; readonly hard: number }[]
    | undefined
  /** `--security=insecure`: all capabilities, no seccomp filter. Only where the user allowed it. */
  readonly insecure?: boolean | undefined
  readonly onOutput: (stream: 'stdout' | 'stderr', data: Buffer) => void
  /** Kills the command; `runStep` then rejects with the reason. */
  readonly signal?: AbortSignal | undefined
}

export interface RunResult {
  /** As a shell gives it: 128 + n for signal n. */
  readonly exitCode: number
  readonly oomKilled: boolean
}

/**
 * Carry a RUN out in a container of our own. It comes back when the command has ended and
 * everything made for it (mount points, leases, groups) is taken back, so that `step.upper` holds
 * what the command changed and nothing else. A command that fails is no error: see `exitCode`.
 *
 * `runtime/build-step/run-step.ts` is it; `rootfs/` gets it as a parameter because it may not
 * import `runtime/`.
 *
 * @throws {OperationError} `START_FAILED`, `INVALID_ARGUMENT`, `NOT_FOUND` (user, mount source)
 */
export type RunStep = (request: RunRequest) => Promise<RunResult>

/** What carries RUNs out, for one state root. */
export interface StepRunner {
  readonly run: RunStep
  /** End and remove what builds that were killed have left. To be called before a build. */
  repair(): Promise<void>
  /** Remove the folders of `--mount=type=cache` that no build uses. @returns bytes given back */
  pruneCaches(): Promise<{ freed: number }>
  close(): void
}
