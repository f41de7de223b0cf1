import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { OperationError } from '../../native/error.ts'
import { shimPath } from '../../native/paths.ts'
import { type ShimRecord, parseRecord, recordSize } from './zygote-record.ts'

// The shim in its zygote mode: it reads programs from one Unix stream and forks a monitor for
// each; everything comes back as records on the same stream. Node itself never forks a container.
// When the zygote dies nothing is lost but this channel: the monitors and their files live on.

/** How a program's start went. */
export type StartOutcome =
  | { readonly kind: 'running'; readonly pid: number; readonly monitorPid: number }
  | { readonly kind: 'created' }
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

/** Whatever takes programs and has the shim run them. */
export interface ProgramLauncher {
  submit(program: Uint8Array): ProgramRun
  close(): void
}

interface Pending {
  readonly trace: ShimRecord[]
  readonly started: (outcome: StartOutcome) => void
  readonly refused: (error: OperationError) => void
  readonly ended: (outcome: EndOutcome | undefined) => void
}

/** Of the id in struct header. */
export const idOffset = 16

export class Zygote implements ProgramLauncher {
  #child: ChildProcess | undefined
  #stream: Socket | undefined
  #received: Buffer = Buffer.alloc(0)
  #nextId = 1n
  readonly #pending = new Map<bigint, Pending>()

  /**
   * Hand a program over. The zygote is started on first use and again when it has died.
   *
   * @param program bytes of native/shim/program.h; its id field is overwritten
   * @returns whose `started` rejects with `INTERNAL` where the shim finds the program malformed
   * @throws {OperationError} `INTERNAL` where the shim is missing
   */
  submit(program: Uint8Array): ProgramRun {
    const stream = this.#open()
    const id = this.#nextId++
    const bytes = Buffer.from(program)
    bytes.writeBigUInt64LE(id, idOffset)
    const trace: ShimRecord[] = []
    const start = Promise.withResolvers<StartOutcome>()
    const end = Promise.withResolvers<EndOutcome | undefined>()
    this.#pending.set(id, {
      trace,
      started: start.resolve,
      refused: start.reject,
      ended: end.resolve,
    })
    stream.ref()
    stream.write(bytes)
    return { started: start.promise, ended: end.promise, trace }
  }

  /** Let go of the zygote: it ends, its containers go on. */
  close(): void {
    this.#stream?.destroy()
    this.#stream = undefined
    this.#child = undefined
  }

  #open(): Socket {
    if (this.#stream) return this.#stream
    // Loaded here alone: a command whose launcher brought a zygote along needs neither.
    const { spawn } = process.getBuiltinModule('node:child_process')
    const { Socket: NetSocket } = process.getBuiltinModule('node:net')
    const child = spawn(shimPath, ['zygote'], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      env: {},
      cwd: '/',
    })
    const stream = child.stdio[3]
    if (!(stream instanceof NetSocket))
      throw new OperationError('INTERNAL', 'open a stream to the shim', { path: shimPath })
    child.on('error', () => this.#lose(stream))
    child.unref()
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('close', () => this.#lose(stream))
    stream.on('error', () => this.#lose(stream))
    this.#child = child
    this.#stream = stream
    return stream
  }

  /** Pid of the running zygote, for those who watch over it. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    let at = 0
    for (; at + recordSize <= bytes.length; at += recordSize)
      this.#dispatch(parseRecord(bytes.subarray(at, at + recordSize)))
    this.#received = bytes.subarray(at)
  }

  #dispatch(record: ShimRecord): void {
    const pending = this.#pending.get(record.id)
    if (!pending) return
    switch (record.type) {
      case 'trace':
        pending.trace.push(record)
        return
      case 'created':
        return pending.started({ kind: 'created' })
      case 'exec':
        return pending.started({
          kind: 'running',
          pid: record.value,
          monitorPid: Number(record.aux),
        })
      case 'fail':
        pending.started({ kind: 'failed', pc: record.pc, errno: record.value })
        return this.#settle(record.id)
      case 'died':
        pending.started({ kind: 'died', pc: record.pc, signal: record.value })
        return this.#settle(record.id)
      case 'invalid':
        pending.refused(
          new OperationError('INTERNAL', 'have the shim accept a program', {
            instruction: record.pc,
            reason: record.value,
          }),
        )
        return this.#settle(record.id)
      case 'exit':
        pending.ended({
          exitCode: record.value,
          signal: Number(record.aux & 0xffffffffn),
          oomKills: Number(record.aux >> 32n),
        })
        return this.#settle(record.id)
      case 'pre-exec':
      case 'user':
      case 'oom':
    }
  }

  #settle(id: bigint): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.ended(undefined)
    if (this.#pending.size === 0) this.#stream?.unref()
  }

  #lose(stream: Socket): void {
    if (this.#stream === stream) {
      this.#stream = undefined
      this.#child = undefined
      this.#received = Buffer.alloc(0)
    }
    for (const [id, pending] of this.#pending) {
      pending.started({ kind: 'lost' })
      this.#settle(id)
    }
  }
}
