// The protocol buffer wire format. https://protobuf.dev/programming-guides/encoding/

export interface WireField {
  readonly number: number
  /** A varint or fixed-size number, or the bytes of what has a length. */
  readonly value: bigint | number | Uint8Array
}

/** Thrown for bytes that are no message; callers answer 400. */
export class WireError extends Error {
  static {
    this.prototype.name = 'WireError'
  }
}

const varint = 0
const fixed64 = 1
const lengthDelimited = 2
const fixed32 = 5

/** The fields of a message, in the order in which they were written. */
export function* readFields(bytes: Uint8Array): Generator<WireField> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0

  function readVarint(): bigint {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new WireError('a number is cut off')
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return result
    }
    throw new WireError('a number is too long')
  }

  function take(size: number): number {
    const start = at
    if (size > bytes.length - at) throw new WireError('a field is cut off')
    at += size
    return start
  }

  while (at < bytes.length) {
    const tag = readVarint()
    const number = Number(tag >> 3n)
    switch (Number(tag & 7n)) {
      case varint:
        yield { number, value: readVarint() }
        break
      case fixed64:
        yield { number, value: view.getFloat64(take(8), true) }
        break
      case fixed32:
        yield { number, value: view.getFloat32(take(4), true) }
        break
      case lengthDelimited: {
        const size = Number(readVarint())
        const start = take(size)
        yield { number, value: bytes.subarray(start, start + size) }
        break
      }
      default:
        throw new WireError('a field has an unknown wire type')
    }
  }
}
