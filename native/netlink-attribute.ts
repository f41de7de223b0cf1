// Netlink attributes (struct nlattr): length and type in host order, payload, padding to 4 bytes.
// Pure; see linux/netlink.h and Documentation/userspace-api/netlink/intro.rst.

/** An attribute to encode: a payload, or attributes nested in it. */
export interface Attribute {
  readonly type: number
  readonly payload: Uint8Array | readonly Attribute[]
  /** Leave NLA_F_NESTED out although it nests: rtnetlink's older attributes are read without. */
  readonly plainNest?: boolean
}

const headerBytes = 4
const nestedFlag = 0x8000
const typeMask = 0x3fff

/** Round up to the 4 bytes that netlink aligns everything to. */
export function align(length: number): number {
  return (length + 3) & ~3
}

/** Bytes of attributes, each padded. */
export function encodeAttributes(attributes: readonly Attribute[]): Uint8Array {
  return concatBytes(attributes.map(encodeAttribute))
}

function encodeAttribute({ type, payload, plainNest }: Attribute): Uint8Array {
  const nested = !(payload instanceof Uint8Array)
  const body = nested ? encodeAttributes(payload) : payload
  const bytes = new Uint8Array(align(headerBytes + body.length))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, headerBytes + body.length, true)
  view.setUint16(2, nested && !plainNest ? type | nestedFlag : type, true)
  bytes.set(body, headerBytes)
  return bytes
}

/** Payload by attribute type; of a type that repeats the last. A cut-off tail is left out. */
export function decodeAttributes(bytes: Uint8Array): Map<number, Uint8Array> {
  return new Map(listAttributes(bytes))
}

/** Attributes in order, for lists that repeat one type. */
export function listAttributes(bytes: Uint8Array): [number, Uint8Array][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: [number, Uint8Array][] = []
  for (let at = 0; at + headerBytes <= bytes.length;) {
    const length = view.getUint16(at, true)
    if (length < headerBytes || at + length > bytes.length) break
    const type = view.getUint16(at + 2, true) & typeMask
    found.push([type, bytes.subarray(at + headerBytes, at + length)])
    at += align(length)
  }
  return found
}

/** Concatenation of byte strings. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Payload of a 32-bit number in host order (rtnetlink). */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value >>> 0, true)
  return bytes
}

/** Payload of a 32-bit number in network order (nf_tables). */
export function u32be(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value >>> 0, false)
  return bytes
}

/** Payload of a string, with the NUL that the kernel expects. */
export function text(value: string): Uint8Array {
  // Not TextEncoder: its first use costs a cold start a fraction of a millisecond.
  return Buffer.from(`${value}\0`)
}

/** @returns 0 where the attribute is absent or short */
export function readU32(bytes: Uint8Array | undefined, littleEndian = true): number {
  if (!bytes || bytes.length < 4) return 0
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, littleEndian)
}

/** Text up to the first NUL; empty where the attribute is absent. */
export function readText(bytes: Uint8Array | undefined): string {
  if (!bytes) return ''
  const end = bytes.indexOf(0)
  const content = end < 0 ? bytes : bytes.subarray(0, end)
  return Buffer.from(content.buffer, content.byteOffset, content.length).toString()
}
