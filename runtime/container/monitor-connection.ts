import { closeSync, openSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { EndOutcome } from './zygote.ts'

// A client of a monitor's `attach` socket: frames of native/shim/program.h.

const frameTypes = {
  attach: 1,
  stdin: 2,
  stdinEof: 3,
  resize: 4,
  signal: 5,
  logReopen: 6,
  hello: 16,
  stdout: 17,
  stderr: 18,
  exit: 19,
  failed: 20,
} as const

const headerSize = 8
const maximumPayload = 64 * 1024

export interface AttachedStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
}

export interface MonitorEvents {
  onOutput?(stream: 'stdout' | 'stderr', data: Buffer): void
}

export interface MonitorConnection {
  /** @returns when all of it was handed to the kernel, or cannot be any more */
  write(data: Uint8Array): Promise<void>
  endInput(): void
  resize(rows: number, columns: number): void
  signal(signal: number): void
  reopenLog(): void
  /** The end of the container, after its cleanup; undefined where the monitor went away first. */
  readonly ended: Promise<EndOutcome | undefined>
  /** Give back-pressure: stop or go on reading output. */
  pause(): void
  resume(): void
  /** Whether it keeps this process from ending. */
  ref(): void
  unref(): void
  /** Say no more: what was said still arrives. */
  end(): void
  close(): void
}

function frame(type: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(headerSize)
  header.writeUInt8(type, 0)
  header.writeUInt32LE(payload.length, 4)
  return Buffer.concat([header, payload])
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/**
 * Connect to the monitor that writes into `stateFolder`.
 *
 * @returns undefined where none listens: the container has ended, or never ran
 */
export async function connectMonitor(
  stateFolder: string,
  streams: AttachedStreams,
  events: MonitorEvents = {},
): Promise<MonitorConnection | undefined> {
  const socket = await openSocket(stateFolder)
  if (!socket) return undefined
  const ended = Promise.withResolvers<EndOutcome | undefined>()
  let pending: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    let bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (bytes.length >= headerSize) {
      const end = headerSize + bytes.readUInt32LE(4)
      if (bytes.length < end) break
      dispatch(bytes.readUInt8(0), bytes.subarray(headerSize, end), events, ended.resolve)
      bytes = bytes.subarray(end)
    }
    pending = bytes
  })
  socket.on('error', () => ended.resolve(undefined))
  socket.on('close', () => ended.resolve(undefined))
  const wanted = (streams.stdin ? 1 : 0) | (streams.stdout ? 2 : 0) | (streams.stderr ? 4 : 0)
  socket.write(frame(frameTypes.attach, word(wanted)))
  return {
    async write(data) {
      // All at once: what the caller says next must come behind it.
      const { promise, resolve } = Promise.withResolvers<void>()
      for (let at = 0; at < data.length; at += maximumPayload) {
        const isLast = at + maximumPayload >= data.length
        const bytes = frame(frameTypes.stdin, data.subarray(at, at + maximumPayload))
        socket.write(bytes, isLast ? () => resolve() : undefined)
      }
      if (data.length > 0) await promise
    },
    endInput: () => void socket.write(frame(frameTypes.stdinEof)),
    resize(rows, columns) {
      const size = Buffer.alloc(4)
      size.writeUInt16LE(rows, 0)
      size.writeUInt16LE(columns, 2)
      socket.write(frame(frameTypes.resize, size))
    },
    signal: (signal) => void socket.write(frame(frameTypes.signal, word(signal))),
    reopenLog: () => void socket.write(frame(frameTypes.logReopen)),
    ended: ended.promise,
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
    end: () => void socket.end(),
    close: () => socket.destroy(),
  }
}

function dispatch(
  type: number,
  payload: Buffer,
  events: MonitorEvents,
  ended: (outcome: EndOutcome) => void,
): void {
  if (type === frameTypes.stdout) events.onOutput?.('stdout', payload)
  else if (type === frameTypes.stderr) events.onOutput?.('stderr', payload)
  else if (type === frameTypes.exit)
    ended({
      exitCode: payload.readInt32LE(0),
      signal: payload.readInt32LE(4),
      oomKills: payload.readUInt32LE(8),
    })
}

/** A socket's path may have 107 bytes at most, unix(7): the folder is reached by descriptor. */
async function openSocket(stateFolder: string): Promise<Socket | undefined> {
  let folder: number
  try {
    folder = openSync(stateFolder, 'r')
  } catch {
    return undefined
  }
  // Loaded here alone: most commands that could wait for a container do not.
  const socket = process
    .getBuiltinModule('node:net')
    .connect(join(`/proc/self/fd/${folder}`, 'attach'))
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    // Its own listeners must stay: they close it when the monitor does.
    socket.removeAllListeners('connect').removeAllListeners('error')
    return socket
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined
    throw new OperationError(
      'SYSCALL_FAILED',
      'connect to the monitor of a container',
      { folder: stateFolder, errno: String(code) },
      { cause: error },
    )
  } finally {
    closeSync(folder)
  }
}
