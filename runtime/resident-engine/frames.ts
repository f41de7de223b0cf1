import { OperationError } from '../../native/error.ts'

// The engine's side of the protocol that native/shim/client.c speaks: the frames of
// native/shim/program.h, enum engine_frame_type.

export const engineFrame = {
  request: 32,
  input: 33,
  inputEnd: 34,
  clientSignal: 35,
  out: 48,
  err: 49,
  done: 50,
  attachTo: 51,
  decline: 52,
  wantInput: 53,
  waitChild: 54,
} as const

const headerSize = 8
const maximumPayload = 64 * 1024
/** A request carries a whole environment. */
const maximumRequest = 4 * 1024 * 1024

export interface Frame {
  readonly type: number
  readonly payload: Buffer
}

/** Cut a stream into frames; call with each chunk as it comes. */
export function frameReader(onFrame: (frame: Frame) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (bytes.length >= headerSize) {
      const length = bytes.readUInt32LE(4)
      const longest = bytes.readUInt8(0) === engineFrame.request ? maximumRequest : maximumPayload
      if (length > longest)
        throw new OperationError('PROTOCOL', 'read a frame of a client', { length })
      if (bytes.length < headerSize + length) break
      onFrame({
        type: bytes.readUInt8(0),
        payload: bytes.subarray(headerSize, headerSize + length),
      })
      bytes = bytes.subarray(headerSize + length)
    }
    pending = bytes
  }
}

export function encodeFrame(type: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(headerSize)
  header.writeUInt8(type, 0)
  header.writeUInt32LE(payload.length, 4)
  return Buffer.concat([header, payload])
}

/** Output of any size, in frames the client has room for. */
export function encodeOutput(type: number, data: Uint8Array): Buffer[] {
  const frames: Buffer[] = []
  for (let at = 0; at < data.length; at += maximumPayload)
    frames.push(encodeFrame(type, data.subarray(at, at + maximumPayload)))
  return frames
}

export interface EngineRequest {
  /** Which of our commands the client is: `mycontainer` or another one of bin/. */
  readonly program: string
  /** Folder of the client's package. */
  readonly packageFolder: string
  /** Without the program's name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdinIsTty: boolean
  readonly stdoutIsTty: boolean
  readonly stderrIsTty: boolean
  readonly rows: number
  readonly columns: number
}

/** @throws {OperationError} `PROTOCOL` where the counts and the strings do not agree */
export function parseRequest(payload: Buffer): EngineRequest {
  if (payload.length < 16) throw malformed(payload)
  const argumentCount = payload.readUInt32LE(0)
  const environmentCount = payload.readUInt32LE(4)
  const terminals = payload.readUInt32LE(8)
  const strings = payload.toString('utf8', 16).split('\0')
  // The last string ends in NUL too, so an empty piece follows it.
  const isComplete = strings.length === 2 + argumentCount + environmentCount + 1
  const [cwd, packageFolder, program] = strings
  if (!isComplete || argumentCount === 0 || strings.at(-1) !== '') throw malformed(payload)
  if (!cwd?.startsWith('/') || packageFolder === undefined || program === undefined)
    throw malformed(payload)
  return {
    program,
    packageFolder,
    argv: strings.slice(3, 2 + argumentCount),
    env: environmentOf(strings.slice(2 + argumentCount, -1)),
    cwd,
    stdinIsTty: (terminals & 1) !== 0,
    stdoutIsTty: (terminals & 2) !== 0,
    stderrIsTty: (terminals & 4) !== 0,
    rows: payload.readUInt16LE(12),
    columns: payload.readUInt16LE(14),
  }
}

function environmentOf(entries: readonly string[]): Record<string, string> {
  // Without a prototype: a variable may be called __proto__.
  const env: Record<string, string> = Object.create(null) as Record<string, string>
  for (const entry of entries) {
    const equals = entry.indexOf('=')
    if (equals > 0) env[entry.slice(0, equals)] ??= entry.slice(equals + 1)
  }
  return env
}

function malformed(payload: Buffer): OperationError {
  return new OperationError('PROTOCOL', 'read a request of a client', { bytes: payload.length })
}
