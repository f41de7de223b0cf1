import { OperationError } from '../../native/error.ts'

// One 512-byte tar header, in the formats of ustar, GNU tar and star, byte-exact: names are
// strings of one character per byte ("latin1"), because a file name is bytes and not text.

export const blockSize = 512

export interface TarHeader {
  /** Type flag as a character; "0" for a regular file, also where the header has a NUL. */
  readonly type: string
  readonly name: string
  readonly linkName: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly devMajor: number
  readonly devMinor: number
  readonly isGnu: boolean
}

/**
 * @returns undefined for a block of zeros, which ends an archive
 * @throws {OperationError} `INVALID_IMAGE` where the checksum or a number is wrong
 */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  const sum = parseOctal(block, 148, 8)
  const actual = checksum(block)
  if (sum !== actual) {
    if (sum === 0 && actual === 8 * 0x20) return undefined
    throw new OperationError('INVALID_IMAGE', 'read a tar header', {
      reason: 'the checksum does not match: this is no tar archive, or it is damaged',
    })
  }
  const magic = block.toString('latin1', 257, 263)
  const isGnu = magic === 'ustar '
  const isUstar = magic === 'ustar\0'
  const prefix = isUstar ? fieldText(block, 345, 155) : ''
  const name = fieldText(block, 0, 100)
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0x30)
  const hasDevice = (isUstar || isGnu) && (type === '3' || type === '4')
  return {
    type,
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: fieldText(block, 157, 100),
    mode: parseNumber(block, 100, 8) & 0o7777,
    uid: parseNumber(block, 108, 8),
    gid: parseNumber(block, 116, 8),
    size: parseNumber(block, 124, 12),
    mtime: parseNumber(block, 136, 12),
    devMajor: hasDevice ? parseNumber(block, 329, 8) : 0,
    devMinor: hasDevice ? parseNumber(block, 337, 8) : 0,
    isGnu,
  }
}

/** Sum of all bytes with the checksum field taken as spaces. */
export function checksum(block: Buffer): number {
  let sum = 8 * 0x20
  for (let at = 0; at < 148; at++) sum += block[at] ?? 0
  for (let at = 156; at < blockSize; at++) sum += block[at] ?? 0
  return sum
}

/** Bytes up to the first NUL. */
function fieldText(block: Buffer, start: number, length: number): string {
  let end = start
  while (end < start + length && block[end] !== 0) end++
  return block.toString('latin1', start, end)
}

/** A number in octal, or in base 256 (GNU, star) where the first byte has its high bit set. */
export function parseNumber(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0
  return first & 0x80 ? parseBase256(block, start, length) : parseOctal(block, start, length)
}

function parseOctal(block: Buffer, start: number, length: number): number {
  let value = 0
  let at = start
  const end = start + length
  while (at < end && block[at] === 0x20) at++
  for (; at < end; at++) {
    const digit = block[at] ?? 0
    if (digit === 0 || digit === 0x20) break
    if (digit < 0x30 || digit > 0x37) throw badNumber()
    value = value * 8 + (digit - 0x30)
  }
  return value
}

function parseBase256(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0
  const negative = (first & 0x40) !== 0
  let value = negative ? (first & 0x7f) - 0x80 : first & 0x7f
  for (let at = start + 1; at < start + length; at++) value = value * 256 + (block[at] ?? 0)
  if (!Number.isSafeInteger(value)) throw badNumber()
  return value
}

function badNumber(): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a tar header', {
    reason: 'a number is malformed or out of range',
  })
}
