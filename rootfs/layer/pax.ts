import { OperationError } from '../../native/error.ts'

/**
 * Records of a PAX extended header, `"%d key=value\n"` each, values as raw bytes: extended
 * attributes are binary, and decoding them as text destroys file capabilities.
 *
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 * @throws {OperationError} `INVALID_IMAGE`
 */
export function* paxRecords(data: Buffer): Generator<readonly [key: string, value: Buffer]> {
  let at = 0
  while (at < data.length) {
    // GNU tar pads nothing, but some writers end the block with NULs.
    if (data[at] === 0) return
    const space = data.indexOf(0x20, at)
    const length = space === -1 ? Number.NaN : decimal(data.toString('latin1', at, space))
    const end = at + length
    if (!(length > space - at) || end > data.length || data[end - 1] !== 0x0a)
      throw malformed('a record has a wrong length')
    const equals = data.indexOf(0x3d, space)
    if (equals === -1 || equals >= end) throw malformed('a record has no "="')
    yield [data.toString('latin1', space + 1, equals), data.subarray(equals + 1, end - 1)]
    at = end
  }
}

/** Whole decimal number, or NaN. */
function decimal(text: string): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
}

/** A PAX size, uid or sparse field. @throws {OperationError} `INVALID_IMAGE` */
export function paxInteger(value: Buffer, key: string): number {
  const number = decimal(value.toString('latin1'))
  if (Number.isNaN(number)) throw malformed(`${key} is no number`)
  return number
}

/** A PAX time: seconds with a decimal fraction, perhaps negative. */
export function paxTime(value: Buffer, key: string): { seconds: number; nanoseconds: number } {
  const match = /^(-?)([0-9]{1,12})(?:\.([0-9]*))?$/.exec(value.toString('latin1'))
  if (!match) throw malformed(`${key} is no time`)
  const whole = Number(match[2])
  const fraction = Number((match[3] ?? '').slice(0, 9).padEnd(9, '0'))
  if (match[1] === '') return { seconds: whole, nanoseconds: fraction }
  // -1.25 s is 2 s before 1970 and 0.75 s after that: the kernel's fraction is never negative.
  return fraction === 0
    ? { seconds: -whole, nanoseconds: 0 }
    : { seconds: -whole - 1, nanoseconds: 1e9 - fraction }
}

function malformed(reason: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a PAX header', { reason })
}
