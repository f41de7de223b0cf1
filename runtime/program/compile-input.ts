import type { Architecture } from '../../native/syscall-numbers/number.ts'
import type { CgroupPlan } from '../cgroup/cgroup-plan.ts'
import type { NetworkAttachment } from '../network/netlink-exchange.ts'
import type { LandlockRules } from '../security/landlock.ts'
import type { Config, Process } from '../spec/config.ts'
import type { MovedDevice } from './net-devices.ts'

/** What the compiler must know about the machine; everything else is decided at run time. */
export interface CompileHost {
  readonly kernel: { readonly major: number; readonly minor: number }
  readonly architecture: Architecture
  /** The launcher sits in a user namespace: no device nodes, no raised limits, no idmapped host mounts. */
  readonly rootless: boolean
  /** How cgroups are mounted; a `cgroup` mount needs a v2 tree. Absent: `v2`. */
  readonly cgroupMode?: 'v2' | 'hybrid' | 'v1' | 'none'
  /** Highest capability number of the running kernel. Absent: 40. */
  readonly lastCapability?: number
}

/** Whose ids the files have: the host's (they are mapped by the kernel), or already the container's. */
export type RootOwnership = 'host' | 'mapped'

export type CompileRoot =
  | { readonly kind: 'folder'; readonly path: string; readonly ownership?: RootOwnership }
  | {
      readonly kind: 'overlay'
      /** Lowest layer first. */
      readonly lower: readonly string[]
      readonly upper: string
      readonly work: string
      /** No fsync of the upper layer: for containers that are removed at their end. */
      readonly volatile?: boolean
      readonly ownership?: RootOwnership
    }

export type CompileStdio =
  | { readonly kind: 'pipes'; readonly stdin: boolean }
  | { readonly kind: 'terminal'; readonly rows: number; readonly columns: number }
  | { readonly kind: 'null' }
  /** Those of the process that loads the program (OCI callers): handed on untouched. */
  | { readonly kind: 'inherit' }
  /** Descriptors of another process, taken with pidfd_getfd(2): its pid and its numbers for 0, 1, 2. */
  | {
      readonly kind: 'descriptors'
      readonly pid: number
      readonly numbers: readonly [number, number, number]
    }

export interface CompileLog {
  readonly directory: string
  /** Plain file name. */
  readonly name: string
  readonly format: 'none' | 'json-file' | 'cri'
  /** Bytes at which it is rotated; 0: never. */
  readonly maxSize: number
  /** Files kept, the current one included. */
  readonly maxFiles: number
}

export interface CompileMonitor {
  /** Wait for the first client before anything is read. */
  readonly hold: boolean
  readonly holdMs?: number
  readonly keepStdin: boolean
  readonly stdinOnce: boolean
  /** Whoever submits the program hears of it beside the records, and nobody else: nothing uses the state folder. */
  readonly tell?: boolean | undefined
  /** Write neither `process` nor `exit`. Default false. */
  readonly unrecorded?: boolean | undefined
  /** Run in place of the monitor at the very end. */
  readonly exitCommand?: {
    readonly argv: readonly string[]
    readonly env: readonly string[]
    readonly delayMs: number
  }
  readonly tick?: {
    readonly argv: readonly string[]
    readonly firstMs: number
    readonly everyMs: number
  }
  readonly timeoutMs?: number
  /** Lines for a log of events, see event_path of struct monitor. */
  readonly events?: {
    /** Absolute path of the log. */
    readonly path: string
    /** Start of the line for the end: a JSON object up to the value of its last member. */
    readonly ended: string
    /** The same for when the program was executed. */
    readonly started?: string
    /** The same for when everything was taken back. */
    readonly cleaned?: string
    /** The same for when the kernel has killed a process for lack of memory. */
    readonly oom?: string
  }
}

/** Who gets the other end of a container's terminal: whoever listens at a path, or holds a socket of a process. */
export type ConsoleReceiver =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'descriptor'; readonly pid: number; readonly number: number }

export interface RemovedTree {
  readonly folder: string
  /** In the folder. */
  readonly name: string
  /**
   * Name that it gets in the folder at the end, whereupon everybody is told that the container has ended; it goes, and what
   * else nobody has to wait for, after that.
   */
  readonly aside?: string | undefined
}

/** What a new container and a process in a running one share. */
export interface CompileBase {
  readonly id: string
  readonly host: CompileHost
  readonly stdio: CompileStdio
  /** Existing folder (mode 0700) where the monitor writes `process`, `exit` and `attach`. */
  readonly stateDir: string
  readonly log: CompileLog | undefined
  readonly monitor: CompileMonitor
  /** Descriptors from 3 on that the program gets from a process: how many, and whose. Default: none. */
  readonly preserved?: { readonly pid: number; readonly count: number } | undefined
  /** No monitor: the process is left to whoever reaps orphans as soon as it waits at its gate, or runs. Default false. */
  readonly leave?: boolean
  /** With a terminal and nobody to own it here: who gets it. */
  readonly console?: ConsoleReceiver | undefined
  /** Path of a socket that gets a pidfd of the process, pidfd_open(2). */
  readonly pidfdSocket?: string | undefined
  /** What the specification has no section for. Default: none. */
  readonly landlock?: LandlockRules | undefined
  /** Trees to remove at the end (`--rm`). */
  readonly remove?: readonly RemovedTree[]
}

export interface CompileInput extends CompileBase {
  readonly config: Config
  readonly root: CompileRoot
  readonly cgroup: CgroupPlan | undefined
  readonly network: NetworkAttachment | undefined
  /** Network devices of the host that it is to have: those of `linux.netDevices`. */
  readonly netDevices?: readonly MovedDevice[] | undefined
  /** Stop before the program until somebody writes a byte to the FIFO `start` in the state folder. */
  readonly gate: boolean
  /** Path of the shim, which then runs as PID 1 and starts the program as its child. */
  readonly init?: string | undefined
  /** Folder of config.json, for hooks' state and relative bind sources. Default: the state folder. */
  readonly bundle?: string | undefined
  /** New session keyring (keyrings(7)). Default true. */
  readonly newKeyring?: boolean
  /** chroot(2) alone, where the host's root is an initial ramfs, which cannot be pivoted away from. Default false. */
  readonly noPivot?: boolean
}

export interface CompileExecInput extends CompileBase {
  /** The new process; fields as in config.json. */
  readonly process: Process
  /** Configuration of the running container: its namespaces, seccomp and mappings. */
  readonly config: Config
  /** Folder of its config.json. Default: the state folder. */
  readonly bundle?: string | undefined
  /** Its init. */
  readonly target: { readonly pid: number }
  /** v2 folder to be born in, and v1 `cgroup.procs` files to join. */
  readonly cgroup: Pick<CgroupPlan, 'cloneInto' | 'join'> | undefined
}
