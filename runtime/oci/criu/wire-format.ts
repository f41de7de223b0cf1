// Protocol Buffers as they are on the wire, as much as talking to CRIU takes. Pure.
// https://protobuf.dev/programming-guides/encoding/

/** A field's number and its value: a number is sent as varint, a list as a message of its own. */
export type WireField = readonly [field: number, value: WireValue]
export type WireValue = number | boolean | string | readonly WireField[]

/** What came: every value of a field, in order. */
export type WireMessage = ReadonlyMap<number, readonly (bigint | Buffer)[]>

const kinds = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

export function encodeMessage(fields: readonly WireField[]): Buffer {
  return Buffer.concat(fields.map(([field, value]) => encodeField(field, value)))
}

function encodeField(field: number, value: WireValue): Buffer {
  if (typeof value === 'number' || typeof value === 'boolean') {
    const number = BigInt.asUintN(64, BigInt(value))
    return Buffer.concat([varint(BigInt(field * 8 + kinds.varint)), varint(number)])
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : encodeMessage(value)
  const head = varint(BigInt(field * 8 + kinds.bytes))
  return Buffer.concat([head, varint(BigInt(bytes.length)), bytes])
}

function varint(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

/** @returns undefined for what is no such message */
export function decodeMessage(bytes: Buffer): WireMessage | undefined {
  const fields = new Map<number, (bigint | Buffer)[]>()
  let at = 0
  const number = (): bigint | undefined => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) return undefined
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
    return undefined
  }
  const slice = (length: number): Buffer | undefined => {
    at += length
    return at <= bytes.length ? bytes.subarray(at - length, at) : undefined
  }
  const read = (kind: number): bigint | Buffer | undefined => {
    if (kind === kinds.varint) return number()
    if (kind === kinds.fixed64) return slice(8)
    if (kind === kinds.fixed32) return slice(4)
    return kind === kinds.bytes ? slice(Number(number() ?? Infinity)) : undefined
  }
  while (at < bytes.length) {
    const head = number()
    const value = head === undefined ? undefined : read(Number(head & 7n))
    if (head === undefined || value === undefined) return undefined
    const field = Number(head >> 3n)
    fields.set(field, [...(fields.get(field) ?? []), value])
  }
  return fields
}

export function numberOf(message: WireMessage, field: number): number | undefined {
  const value = message.get(field)?.at(-1)
  // int32 below 0 comes with the sign in all 64 bits.
  return typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : undefined
}

export function textOf(message: WireMessage, field: number): string | undefined {
  const value = message.get(field)?.at(-1)
  return value instanceof Buffer ? value.toString() : undefined
}

export function messageOf(message: WireMessage, field: number): WireMessage | undefined {
  const value = message.get(field)?.at(-1)
  return value instanceof Buffer ? decodeMessage(value) : undefined
}
