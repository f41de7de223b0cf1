import { readFileSync } from 'node:fs'
import { isSystemError } from '../../../native/system-error.ts'

// SQLite takes a frame of its write-ahead log that does not fit its checksum for the torn end of a write that nobody was
// told of, and drops it with all that come after. That is right after a power cut; it is silent loss where a bit in the
// middle is another one. Which of both it is, what follows says, and the index of the log that a killed process leaves.
// https://www.sqlite.org/fileformat2.html#the_write_ahead_log, https://www.sqlite.org/walformat.html

const headerSize = 32
const frameHeaderSize = 24
const bigEndianSums = 0x377f0683
const littleEndianSums = 0x377f0682

interface Log {
  readonly bytes: Buffer
  readonly frameSize: number
  readonly frames: number
  readonly isLittle: boolean
}

/**
 * Look for frames of the write-ahead log that SQLite would drop although what they hold was acknowledged.
 *
 * @param path of the database
 * @returns what is wrong; undefined where nothing is, or where there is no log
 */
export function findDamagedLog(path: string): string | undefined {
  const found = look(path)
  // Somebody may have written while we read; what is damaged is so at the next looks too.
  return found !== undefined && look(path) === found && look(path) === found ? found : undefined
}

function look(path: string): string | undefined {
  // First the index: whoever writes meanwhile adds to the log before it says so there.
  const index = readOptional(`${path}-shm`)
  const bytes = readOptional(`${path}-wal`)
  if (!bytes || bytes.length <= headerSize) return undefined
  const log = readLog(bytes)
  // A log that a power cut left without anything in it has no header either.
  if (!log)
    return bytes.subarray(0, headerSize).every((byte) => byte === 0)
      ? undefined
      : `the header of its log (${path}-wal) does not fit its checksum`
  const broken = firstBroken(log)
  if (broken === undefined) return undefined
  if (broken < committedFrames(index, log) || isFollowed(log, broken))
    return `frame ${broken + 1} of its log (${path}-wal) does not fit its checksum, and what follows was committed`
  return undefined
}

function readOptional(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

type Sums = readonly [number, number]

function readLog(bytes: Buffer): Log | undefined {
  const magic = bytes.readUInt32BE(0)
  if (magic !== bigEndianSums && magic !== littleEndianSums) return undefined
  const isLittle = magic === littleEndianSums
  const sums = addSums(bytes, 0, 24, [0, 0], isLittle)
  if (!isSame(sums, storedSums(bytes, 24))) return undefined
  const frameSize = frameHeaderSize + bytes.readUInt32BE(8)
  return { bytes, frameSize, frames: Math.floor((bytes.length - headerSize) / frameSize), isLittle }
}

function storedSums(bytes: Buffer, at: number): Sums {
  return [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)]
}

const isSame = (a: Sums, b: Sums): boolean => a[0] === b[0] && a[1] === b[1]

function addSums(bytes: Buffer, from: number, to: number, [a, b]: Sums, isLittle: boolean): Sums {
  let [s0, s1] = [a, b]
  for (let at = from; at < to; at += 8) {
    const first = isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
    const second = isLittle ? bytes.readUInt32LE(at + 4) : bytes.readUInt32BE(at + 4)
    s0 = (s0 + first + s1) >>> 0
    s1 = (s1 + second + s0) >>> 0
  }
  return [s0, s1]
}

const placeOf = ({ frameSize }: Log, frame: number): number => headerSize + frame * frameSize

/** Whether a frame belongs to this log, and fits what its predecessor says of itself. */
function isWhole(log: Log, frame: number): boolean {
  const { bytes, frameSize, isLittle } = log
  const at = placeOf(log, frame)
  if (bytes.compare(bytes, 16, 24, at + 8, at + 16) !== 0) return false
  const before = storedSums(bytes, frame === 0 ? 24 : at - frameSize + 16)
  const head = addSums(bytes, at, at + 8, before, isLittle)
  const sums = addSums(bytes, at + frameHeaderSize, at + frameSize, head, isLittle)
  return isSame(sums, storedSums(bytes, at + 16))
}

/** @returns the first frame that SQLite does not take */
function firstBroken(log: Log): number | undefined {
  for (let frame = 0; frame < log.frames; frame++) if (!isWhole(log, frame)) return frame
  return undefined
}

const isCommit = (log: Log, frame: number): boolean =>
  log.bytes.readUInt32BE(placeOf(log, frame) + 4) !== 0

/** A transaction is begun when the one before it is on the disk: one behind the broken one proves that it was. */
function isFollowed(log: Log, broken: number): boolean {
  let hasEnded = false
  for (let frame = broken; frame < log.frames; frame++) {
    if (hasEnded && isWhole(log, frame)) return true
    hasEnded ||= isCommit(log, frame)
  }
  return false
}

const indexHeaderSize = 48
const indexVersion = 3_007_000

/** How many frames had been committed to this log, as its index says; zero where there is none that can be believed. */
function committedFrames(index: Buffer | undefined, { bytes }: Log): number {
  if (!index || index.length < 2 * indexHeaderSize) return 0
  // Written twice, so that half a header is known for what it is. In the order of bytes of the machine, except the salts.
  if (index.compare(index, 0, indexHeaderSize, indexHeaderSize, 2 * indexHeaderSize) !== 0) return 0
  const words = new Uint32Array(Uint8Array.from(index.subarray(0, indexHeaderSize)).buffer)
  const isOfThisLog = bytes.compare(index, 32, 40, 16, 24) === 0
  return words[0] === indexVersion && isOfThisLog ? (words[4] ?? 0) : 0
}
