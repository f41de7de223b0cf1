import { closeSync, readSync, writeSync } from 'node:fs'
import { setCloseOnExec } from '../../native/descriptor.ts'
import { OperationError } from '../../native/error.ts'
import { idOffset } from './zygote-channel.ts'
import { programBytes } from '../program/program-template.ts'
import type { ProgramLauncher, ProgramRun, StartOutcome, SubmittedProgram } from './zygote.ts'
import { parseRecord, recordSize } from './zygote-record.ts'

/** Set by the launcher: the descriptor of a stream to a zygote that it started beside us. */
const variable = 'MYCONTAINER_ZYGOTE'
/** Its pid, of an OCI launcher's. */
const pidVariable = 'MYCONTAINER_ZYGOTE_PID'

/**
 * A zygote that the launcher forked before it became Node: it was ready while Node was still
 * booting. This side waits in read(2), which a command that has nothing else to do may: neither
 * node:child_process nor node:net is loaded. Programs are submitted one after another.
 */
class InheritedZygote implements ProgramLauncher {
  /** The launcher's stream has the first number that its caller had left free. */
  readonly callerDescriptors: number
  readonly pid: number | undefined
  readonly hearsOutput = false
  readonly #stream: number
  #nextId = 1n

  constructor(stream: number, pid: number | undefined) {
    this.#stream = stream
    this.pid = pid
    this.callerDescriptors = stream - 3
  }

  submit(submitted: SubmittedProgram): ProgramRun {
    const program = programBytes(submitted)
    const bytes = Buffer.from(program.buffer, program.byteOffset, program.byteLength)
    const id = this.#nextId++
    bytes.writeBigUInt64LE(id, idOffset)
    for (let at = 0; at < bytes.length;) at += writeSync(this.#stream, bytes, at)
    const trace: ReturnType<typeof parseRecord>[] = []
    return {
      started: Promise.resolve(this.#awaitStart(id, trace)),
      // Nobody who can wait no longer than this command lives asks for it.
      ended: Promise.resolve(undefined),
      trace,
    }
  }

  close(): void {
    closeSync(this.#stream)
  }

  #awaitStart(id: bigint, trace: ReturnType<typeof parseRecord>[]): StartOutcome {
    for (;;) {
      const bytes = this.#readRecord()
      if (!bytes) return { kind: 'lost' }
      const record = parseRecord(bytes)
      if (record.id !== id) continue // An earlier program of this command has ended.
      if (record.type === 'trace') trace.push(record)
      if (record.type === 'created') return { kind: 'created', pid: record.value }
      if (record.type === 'exec')
        return { kind: 'running', pid: record.value, monitorPid: Number(record.aux) }
      if (record.type === 'fail') return { kind: 'failed', pc: record.pc, errno: record.value }
      if (record.type === 'died') return { kind: 'died', pc: record.pc, signal: record.value }
      if (record.type === 'invalid')
        throw new OperationError('INTERNAL', 'have the shim accept a program', {
          instruction: record.pc,
          reason: record.value,
        })
    }
  }

  #readRecord(): Buffer | undefined {
    const bytes = Buffer.alloc(recordSize)
    for (let at = 0; at < recordSize;) {
      const count = readSync(this.#stream, bytes, at, recordSize - at, null)
      if (count === 0) return undefined
      at += count
    }
    return bytes
  }
}

/**
 * The zygote that the launcher started for this process, taken out of the environment.
 *
 * @param isKept whether children of this process may find its stream open: to close it takes the FFI library
 */
export function takeInheritedZygote(
  env: NodeJS.ProcessEnv,
  isKept = false,
): ProgramLauncher | undefined {
  const text = env[variable]
  if (text === undefined) return undefined
  const pid = Number(env[pidVariable])
  delete env[variable]
  delete env[pidVariable]
  if (!/^\d+$/.test(text)) return undefined
  const stream = Number(text)
  if (!isKept) setCloseOnExec(stream)
  return new InheritedZygote(stream, pid > 0 ? pid : undefined)
}
