// Writing the protocol buffer wire format, as much of it as documents of ours need.

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  return Buffer.from([...bytes, rest])
}

const lengthDelimited = 2

/** A field that has a length: text, or a message in bytes. */
export function bytesField(number: number, value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([varint(number * 8 + lengthDelimited), varint(bytes.length), bytes])
}

/** A message of fields; those that are absent are left out. */
export function message(...fields: readonly (Buffer | readonly Buffer[] | undefined)[]): Buffer {
  return Buffer.concat(fields.flatMap((field) => field ?? []))
}
