import { invalidValue } from './invalid-value.ts'

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'

/** Four decimal octets without leading zeros. */
export function isIpv4(text: string): boolean {
  return new RegExp(`^(?:${octet}\\.){3}${octet}$`).test(text)
}

/** RFC 4291 section 2.2, without zone. */
export function isIpv6(text: string): boolean {
  const halves = text.split('::')
  if (halves.length > 2 || text.length > 45) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)
  const hasIpv4 = last !== undefined && last.includes('.') && text.endsWith(last)
  if (hasIpv4) groups.pop()
  if (hasIpv4 && !isIpv4(last)) return false
  const count = groups.length + (hasIpv4 ? 2 : 0)
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false
  return halves.length === 2 ? count <= 7 : count === 8
}

export function isIpAddress(text: string): boolean {
  return isIpv4(text) || isIpv6(text)
}

/** @throws {OperationError} INVALID_ARGUMENT */
export function parseIpv4(text: string): string {
  if (isIpv4(text)) return text
  throw invalidValue('IPv4 address', text, 'Write four numbers, such as 172.30.100.104')
}

/** @throws {OperationError} INVALID_ARGUMENT */
export function parseIpv6(text: string): string {
  if (isIpv6(text)) return text
  throw invalidValue('IPv6 address', text, 'Write it as in 2001:db8::33')
}

/** @throws {OperationError} INVALID_ARGUMENT */
export function parseIp(text: string): string {
  if (isIpAddress(text)) return text
  throw invalidValue('IP address', text, 'Write an IPv4 or IPv6 address')
}

/**
 * A unicast hardware address of 48 bits.
 * @returns lower case, colons
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseMac(text: string): string {
  const plain = text.toLowerCase().replaceAll('-', ':')
  const isUnicast = (Number.parseInt(plain.slice(0, 2), 16) & 1) === 0
  if (/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(plain) && isUnicast) return plain
  throw invalidValue('MAC address', text, 'Write it as in 92:d0:c6:0a:29:33')
}
