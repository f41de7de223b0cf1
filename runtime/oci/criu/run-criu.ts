import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import { isSystemError } from '../../../native/system-error.ts'
import { packetSockets, receiveMessage } from '../../../native/descriptor-message.ts'
import { writeAll } from '../../../native/write-all.ts'
import { criuFailure, criuMissing } from './criu-failure.ts'
import { optionField, requestField, requestType, responseField } from './request.ts'
import { type WireField, type WireMessage, decodeMessage, encodeMessage } from './wire-format.ts'
import { messageOf, numberOf, textOf } from './wire-format.ts'

export interface CriuRun {
  /** Path of criu, or its name. */
  readonly program: string
  readonly verb: 'dump' | 'pre-dump' | 'restore'
  /** Absolute; both are there. */
  readonly imagePath: string
  /** Folder of its log, which is named after the verb. */
  readonly workPath: string
  readonly env: NodeJS.ProcessEnv
  readonly options: readonly WireField[]
  /** Of this process: the first becomes {@link firstHanded} in CRIU, and so on. */
  readonly descriptors?: readonly number[]
  /** Called when its process is there and waits. @returns further options */
  readonly prepare?: (pid: number) => readonly WireField[]
  /** Told what it is about to do, or has done; it waits meanwhile, and fails where this throws. */
  readonly notify?: (stage: CriuStage) => void
}

export interface CriuStage {
  readonly name: string
  /** Of the first process, where it is known. */
  readonly pid: number | undefined
  readonly descriptor: number | undefined
}

const socketNumber = 3
export const firstHanded = socketNumber + 1

/**
 * Have CRIU do something to a container: as a worker ("criu swrk"), which is asked over a socket.
 *
 * @returns pid of the restored process; 0 otherwise
 * @throws {OperationError} `UNSUPPORTED` where it is not installed; `SYSCALL_FAILED` with the last words of its log
 * @see https://criu.org/RPC
 */
export async function runCriu(run: CriuRun): Promise<number> {
  const [socket, theirs] = packetSockets()
  const child = spawn(run.program, ['swrk', String(socketNumber)], {
    stdio: ['ignore', 'ignore', 'pipe', theirs, ...(run.descriptors ?? [])],
    env: run.env,
  })
  const ended = childEnd(child)
  closeSync(theirs)
  if (child.pid === undefined) {
    closeSync(socket)
    throw criuMissing(run, (await ended).problem)
  }
  const answer = ask(run, child.pid, socket)
  closeSync(socket)
  const { problem, said } = await ended
  if (answer.failure !== undefined) throw answer.failure
  if (answer.isDone) return answer.pid
  throw criuFailure(run, answer.message ?? (said || problem))
}

interface Answer {
  readonly isDone: boolean
  readonly pid: number
  readonly message?: string | undefined
  /** Of ours, on the way. */
  readonly failure?: unknown
}

/** Its process waits for a request, and for answers: this side may block. */
function ask(run: CriuRun, pid: number, socket: number): Answer {
  const folders = [run.imagePath, run.workPath].map((path) => openSync(path, 'r'))
  let failure: unknown
  try {
    const options: readonly WireField[] = [
      [optionField.imagesFolder, folders[0] ?? -1],
      [optionField.workFolder, folders[1] ?? -1],
      [optionField.logFile, `${run.verb}.log`],
      [optionField.logLevel, 4],
      [optionField.notifyScripts, true],
      ...run.options,
      ...(run.prepare?.(pid) ?? []),
    ]
    const type = typeOf(run.verb)
    send(socket, [
      [requestField.type, type],
      [requestField.options, options],
    ])
    for (;;) {
      const { bytes, descriptor } = receiveMessage(socket)
      const message = bytes.length === 0 ? undefined : decodeMessage(bytes)
      if (!message) return { isDone: false, pid: 0, failure }
      if (numberOf(message, responseField.type) !== requestType.notify)
        return readAnswer(message, failure)
      failure ??= failureOf(() => run.notify?.(stageOf(message, descriptor)))
      if (descriptor !== undefined) closeSync(descriptor)
      send(socket, [
        [requestField.type, requestType.notify],
        [requestField.notifySuccess, failure === undefined],
      ])
    }
  } catch (error) {
    const isGone = isSystemError(error, 'EPIPE') || isSystemError(error, 'ECONNRESET')
    return { isDone: false, pid: 0, failure: isGone ? failure : error }
  } finally {
    for (const folder of folders) closeSync(folder)
  }
}

function typeOf(verb: CriuRun['verb']): number {
  if (verb === 'restore') return requestType.restore
  return verb === 'dump' ? requestType.dump : requestType.singlePreDump
}

function send(socket: number, fields: readonly WireField[]): void {
  writeAll(socket, encodeMessage(fields))
}

function failureOf(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

function stageOf(message: WireMessage, descriptor: number | undefined): CriuStage {
  const notify = messageOf(message, responseField.notify) ?? new Map()
  return {
    name: textOf(notify, responseField.script) ?? '',
    pid: numberOf(notify, responseField.scriptPid),
    descriptor,
  }
}

function readAnswer(message: WireMessage, failure: unknown): Answer {
  const restored = messageOf(message, responseField.restore)
  return {
    isDone: numberOf(message, responseField.success) === 1,
    pid: (restored && numberOf(restored, responseField.restoredPid)) ?? 0,
    message: textOf(message, responseField.message),
    failure,
  }
}

/** Why its process ended, and what it said on standard error. */
async function childEnd(child: ChildProcess): Promise<{ problem: string; said: string }> {
  let said = ''
  child.stderr?.on('data', (text: Buffer) => (said += text.toString()))
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    return { problem: signal ?? `exit code ${code}`, said: said.trim() }
  } catch (error) {
    return { problem: error instanceof OperationError ? error.code : String(error), said: '' }
  }
}
