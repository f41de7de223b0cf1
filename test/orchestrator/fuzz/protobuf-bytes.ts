// Protocol buffers by hand, right or wrong. https://protobuf.dev/programming-guides/encoding/

export function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Buffer.from(bytes)
}

const wireType = { number: 0, bytes: 2 } as const

/** A field that has a length: a text, or a message of these parts. */
export function protobufField(number: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const value = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  return Buffer.concat([varint((number << 3) | wireType.bytes), varint(value.length), value])
}

export function protobufNumber(number: number, value: number | bigint): Buffer {
  return Buffer.concat([varint((number << 3) | wireType.number), varint(value)])
}

/** A body as clients send it: the envelope around the fields of the object. */
export function protobufObject(
  apiVersion: string,
  kind: string,
  ...fields: readonly Buffer[]
): Buffer {
  return Buffer.concat([
    Buffer.from('k8s\0'),
    protobufField(1, protobufField(1, apiVersion), protobufField(2, kind)),
    protobufField(2, ...fields),
  ])
}
