import type { FilledProgram } from '../program/program-template.ts'
import { ZygoteChannel } from './zygote-channel.ts'
import type { ShimRecord } from './zygote-record.ts'

// The shim in its zygote mode: it reads programs from one Unix stream and forks a monitor for
// each; everything comes back as records on the same stream. Node itself never forks a container.
// When the zygote dies nothing is lost but this channel: the monitors and their files live on.

/** How a program's start went. */
export type StartOutcome =
  | { readonly kind: 'running'; readonly pid: number; readonly monitorPid: number }
  /** It waits at its gate; pid 0: known to its monitor only. */
  | { readonly kind: 'created'; readonly pid: number }
  | { readonly kind: 'failed'; readonly pc: number; readonly errno: number }
  /** The inner half was killed before it could execute the container's program. */
  | { readonly kind: 'died'; readonly pc: number; readonly signal: number }
  | { readonly kind: 'lost' }

export interface EndOutcome {
  /** As a shell gives it: 128 + n for signal n. */
  readonly exitCode: number
  readonly signal: number
  readonly oomKills: number
}

export interface ProgramRun {
  /** Settles once: executed, waiting at its gate, or failed with nothing left behind. */
  readonly started: Promise<StartOutcome>
  /** Settles when it has ended and was cleaned up; undefined where the channel was lost first. */
  readonly ended: Promise<EndOutcome | undefined>
  /** TRACE records, where the program asked for them. */
  readonly trace: readonly ShimRecord[]
}

/** Told on the way; never by a launcher that cannot listen meanwhile. */
export interface ProgramWatch {
  /**
   * For a program whose monitor tells everything on the stream: what its process writes. `started` then settles with
   * its end, or once it has run for a moment.
   */
  readonly onOutput?: ((stream: 'stdout' | 'stderr', data: Buffer) => void) | undefined
  /** The container's program is about to be executed. */
  readonly onPreExec?: (() => void) | undefined
  /** The program said something of its own by a USER record; it is not waited for any more. */
  readonly onUser?: ((value: number) => void) | undefined
}

/** Bytes of native/shim/program.h, or what they are made of. */
export type SubmittedProgram = Uint8Array | FilledProgram

/** Whatever takes programs and has the shim run them. */
export interface ProgramLauncher {
  /** Descriptors from 3 on, without a gap, that this process got from whoever called it. */
  readonly callerDescriptors: number
  /** Of the process that a program begins in; undefined where it is not known, or not there yet. */
  readonly pid: number | undefined
  /** Whether it can pass on what a process writes (`onOutput`). */
  readonly hearsOutput: boolean
  submit(program: SubmittedProgram, watch?: ProgramWatch): ProgramRun
  close(): void
}

export class Zygote implements ProgramLauncher {
  /** Unknown here, where Node has long opened its own. */
  readonly callerDescriptors = 0
  readonly hearsOutput = true
  #channel: ZygoteChannel | undefined

  /**
   * Hand a program over. The zygote is started on first use and again when it has died.
   *
   * @param program its id field is overwritten
   * @returns whose `started` rejects with `INTERNAL` where the shim finds the program malformed
   * @throws {OperationError} `INTERNAL` where the shim is missing
   */
  submit(program: SubmittedProgram, watch?: ProgramWatch): ProgramRun {
    if (!this.#channel?.isAlive) this.#channel = new ZygoteChannel()
    return this.#channel.submit(program, watch)
  }

  /** Let go of the zygote: it ends, its containers go on. */
  close(): void {
    this.#channel?.close()
    this.#channel = undefined
  }

  /** Pid of the running zygote, for those who watch over it. */
  get pid(): number | undefined {
    return this.#channel?.pid
  }
}
