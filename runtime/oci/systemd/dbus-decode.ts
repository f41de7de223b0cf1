import { OperationError } from '../../../native/error.ts'
import { type DbusValue, alignmentOf, fixedSizes, splitSignature } from './dbus-value.ts'

/** Deeper nesting than any message has is refused, as the specification does it. */
const maxDepth = 32

/** A place in the bytes of a message; reading moves it. */
interface Cursor {
  readonly bytes: Buffer
  at: number
}

/**
 * The values of a message, or of a part of it that begins aligned to 8.
 *
 * @throws {OperationError} `PROTOCOL` where bytes and signature do not fit
 */
export function decodeDbus(signature: string, bytes: Buffer): DbusValue[] {
  const cursor = { bytes, at: 0 }
  try {
    return splitSignature(signature).map((type) => decodeValue(cursor, type, 0))
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new OperationError('PROTOCOL', 'read a D-Bus message', { signature }, { cause })
  }
}

function decodeValue(cursor: Cursor, type: string, depth: number): DbusValue {
  if (depth > maxDepth) throw new RangeError('nested too deeply')
  cursor.at = Math.ceil(cursor.at / alignmentOf(type)) * alignmentOf(type)
  const first = type[0] ?? ''
  const size = fixedSizes[first]
  if (size !== undefined) return decodeFixed(cursor, first, size)
  if (first === 's' || first === 'o') return decodeText(cursor, decodeLength(cursor))
  if (first === 'g') return decodeText(cursor, take(cursor, 1).readUInt8())
  if (first === 'a') return decodeArray(cursor, type.slice(1), depth + 1)
  if (first === 'v') {
    const signature = decodeText(cursor, take(cursor, 1).readUInt8())
    if (splitSignature(signature).length !== 1) throw new RangeError('a variant holds one value')
    return { signature, value: decodeValue(cursor, signature, depth + 1) }
  }
  if (first !== '(' && first !== '{') throw new RangeError(`no type ${type}`)
  return splitSignature(type.slice(1, -1)).map((member) => decodeValue(cursor, member, depth + 1))
}

function decodeFixed(cursor: Cursor, type: string, size: number): DbusValue {
  const bytes = take(cursor, size)
  if (type === 'b') return bytes.readUInt32LE() !== 0
  if (type === 'd') return bytes.readDoubleLE()
  if (type === 'x') return bytes.readBigInt64LE()
  if (type === 't') return bytes.readBigUInt64LE()
  return type === 'n' || type === 'i' ? bytes.readIntLE(0, size) : bytes.readUIntLE(0, size)
}

function decodeArray(cursor: Cursor, type: string, depth: number): DbusValue[] {
  const length = decodeLength(cursor)
  cursor.at = Math.ceil(cursor.at / alignmentOf(type)) * alignmentOf(type)
  const end = cursor.at + length
  if (end > cursor.bytes.length) throw new RangeError('an array is longer than its message')
  const list: DbusValue[] = []
  for (let from = cursor.at; from < end; from = cursor.at) {
    list.push(decodeValue(cursor, type, depth))
    if (cursor.at === from) throw new RangeError('elements of no length')
  }
  return list
}

function decodeLength(cursor: Cursor): number {
  return take(cursor, 4).readUInt32LE()
}

/** Text of that many bytes, with a NUL behind it. */
function decodeText(cursor: Cursor, length: number): string {
  return take(cursor, length + 1).toString('utf8', 0, length)
}

function take(cursor: Cursor, length: number): Buffer {
  const end = cursor.at + length
  if (end > cursor.bytes.length) throw new RangeError('a message ends in a value')
  const part = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  return part
}
