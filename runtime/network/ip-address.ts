import { OperationError } from '../../native/error.ts'

// IP addresses as bytes and numbers: 4 bytes for IPv4, 16 for IPv6. Pure.

/** Bytes of an address, or undefined where the text is none. No zones, no leading zeros. */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** @throws {OperationError} `INVALID_ARGUMENT` naming `what` where the text is no address */
export function requireAddress(text: string, what: string): Uint8Array {
  const address = parseAddress(text)
  if (address) return address
  throw new OperationError('INVALID_ARGUMENT', `read ${what}`, { address: text })
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  if (!parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined
  return Uint8Array.from(parts, Number)
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => (half === '' ? [] : parseGroups(half.split(':'))))
  if (!head || (halves.length === 2 && !tail)) return undefined
  const missing = 8 - head.length - (tail?.length ?? 0)
  if (tail ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])]
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]))
}

/** 16-bit groups; the last text may be a dotted IPv4 address, which makes two. */
function parseGroups(texts: readonly string[]): number[] | undefined {
  const groups: number[] = []
  for (const [index, part] of texts.entries()) {
    const dotted = index === texts.length - 1 ? parseIpv4(part) : undefined
    if (dotted) {
      const view = new DataView(dotted.buffer)
      groups.push(view.getUint16(0), view.getUint16(2))
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

/** Text of 4 or 16 bytes; IPv6 as RFC 5952 wants it. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2))
  const { start, length } = longestZeroRun(groups)
  if (length < 2) return joinGroups(groups)
  return `${joinGroups(groups.slice(0, start))}::${joinGroups(groups.slice(start + length))}`
}

function joinGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':')
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}

/** The address as one big number, for arithmetic. */
export function addressNumber(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}

/** @param length 4 or 16 bytes */
export function addressBytes(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) =>
    Number((value >> BigInt((length - 1 - index) * 8)) & 255n),
  )
}

/** Whether `address` is a loopback address: 127.0.0.0/8 or ::1. */
export function isLoopback(address: Uint8Array): boolean {
  if (address.length === 4) return address[0] === 127
  return address.every((byte, index) => byte === (index === 15 ? 1 : 0))
}

/** Whether `address` is 0.0.0.0 or ::. */
export function isUnspecified(address: Uint8Array): boolean {
  return address.every((byte) => byte === 0)
}
