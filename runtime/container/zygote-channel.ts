import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { OperationError } from '../../native/error.ts'
import { shimPath } from '../../native/paths.ts'
import { KeptPrograms } from './kept-programs.ts'
import type {
  EndOutcome,
  ProgramRun,
  ProgramWatch,
  StartOutcome,
  SubmittedProgram,
} from './zygote.ts'
import { type ShimRecord, parseRecord, recordSize } from './zygote-record.ts'

/** How long a start may take whose zygote has died, ms: its monitor may be at work without it. */
const orphanPatienceMs = 5000

/** Of the id in struct header. */
export const idOffset = 16

interface Pending {
  readonly trace: ShimRecord[]
  readonly watch: ProgramWatch
  readonly answered: () => void
  readonly started: (outcome: StartOutcome) => void
  readonly refused: (error: OperationError) => void
  readonly ended: (outcome: EndOutcome | undefined) => void
}

/**
 * The stream to one zygote. It outlives the zygote: monitors hold its other end and report on it,
 * but then nobody reads programs any more.
 */
export class ZygoteChannel {
  readonly #child: ChildProcess
  readonly #stream: Socket
  #received: Buffer = Buffer.alloc(0)
  #nextId = 1n
  #isAlive = true
  /** Starts without an answer; they alone keep this process from ending. */
  #starting = 0
  readonly #pending = new Map<bigint, Pending>()
  readonly #kept = new KeptPrograms()

  /** @throws {OperationError} `INTERNAL` where the shim is missing */
  constructor() {
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
    child.on('error', () => this.#lose())
    child.on('exit', () => this.#orphan())
    child.unref()
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('close', () => this.#lose())
    // An error is followed by close.
    stream.on('error', () => undefined)
    stream.unref()
    this.#child = child
    this.#stream = stream
  }

  /** Whether its zygote still reads programs. */
  get isAlive(): boolean {
    return this.#isAlive
  }

  get pid(): number | undefined {
    return this.#isAlive ? this.#child.pid : undefined
  }

  submit(submitted: SubmittedProgram, watch: ProgramWatch = {}): ProgramRun {
    const id = this.#nextId++
    const program = submitted instanceof Uint8Array ? submitted : this.#kept.encode(submitted)
    const bytes = Buffer.from(program.buffer, program.byteOffset, program.byteLength)
    bytes.writeBigUInt64LE(id, idOffset)
    const trace: ShimRecord[] = []
    const start = Promise.withResolvers<StartOutcome>()
    const end = Promise.withResolvers<EndOutcome | undefined>()
    let isStarting = true
    const answered = (): void => {
      if (isStarting && --this.#starting === 0) this.#stream.unref()
      isStarting = false
    }
    // Who listens to what it writes waits for its end, too.
    const isHeard = watch.onOutput !== undefined
    this.#pending.set(id, {
      trace,
      watch,
      answered,
      started(outcome) {
        if (!isHeard || outcome.kind !== 'running') answered()
        start.resolve(outcome)
      },
      refused(error) {
        answered()
        start.reject(error)
      },
      ended(outcome) {
        answered()
        end.resolve(outcome)
      },
    })
    if (this.#starting++ === 0) this.#stream.ref()
    this.#stream.write(bytes)
    return { started: start.promise, ended: end.promise, trace }
  }

  close(): void {
    this.#isAlive = false
    this.#stream.destroy()
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    let at = 0
    while (at + recordSize <= bytes.length) {
      const record = parseRecord(bytes.subarray(at, at + recordSize))
      const end = at + recordSize + (record.type === 'output' ? Number(record.aux) : 0)
      if (end > bytes.length) break
      this.#dispatch(record, bytes.subarray(at + recordSize, end))
      at = end
    }
    this.#received = bytes.subarray(at)
  }

  #dispatch(record: ShimRecord, payload: Buffer): void {
    const pending = this.#pending.get(record.id)
    if (!pending) return
    switch (record.type) {
      case 'trace':
        pending.trace.push(record)
        return
      case 'created':
        return pending.started({ kind: 'created', pid: record.value })
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
      case 'output':
        return pending.watch.onOutput?.(record.value === 1 ? 'stdout' : 'stderr', payload)
      case 'exit':
        // Where nobody was told before that it runs.
        pending.started({ kind: 'running', pid: 0, monitorPid: 0 })
        pending.ended({
          exitCode: record.value,
          signal: Number(record.aux & 0xffffffffn),
          oomKills: Number(record.aux >> 32n),
        })
        return this.#settle(record.id)
      case 'pre-exec':
        return pending.watch.onPreExec?.()
      case 'user':
        pending.answered()
        return pending.watch.onUser?.(record.value)
      case 'oom':
    }
  }

  #settle(id: bigint): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.ended(undefined)
  }

  #orphan(): void {
    this.#isAlive = false
    if (this.#starting > 0) setTimeout(() => this.#giveUpStarts(), orphanPatienceMs)
  }

  #giveUpStarts(): void {
    for (const { started } of this.#pending.values()) started({ kind: 'lost' })
  }

  #lose(): void {
    this.#isAlive = false
    this.#giveUpStarts()
    for (const id of this.#pending.keys()) this.#settle(id)
  }
}
