import { concatBytes, u32 } from '../../native/netlink-attribute.ts'
import type { Attribute } from '../../native/netlink-attribute.ts'
import { requireAddress } from '../../runtime/network/ip-address.ts'
import { compare, mask, meta, payload } from '../../runtime/network/nftables/expression.ts'

// What rules look at in a packet, and the keys that they look up. Pure.

export type Protocol = 'TCP' | 'UDP' | 'SCTP'

const protocolNumbers: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17, SCTP: 132 }

const IPV4 = 2

export const isIpv4 = [meta('nfproto'), compare('equal', new Uint8Array([IPV4]))]
/** A concatenation begins in register 1 and goes on in 9, 10 and 11, its quarters; nft(8) knows it by these numbers. */
export const source4 = (register = 1): Attribute => payload('network', 12, 4, register)
export const destination4 = (register = 1): Attribute => payload('network', 16, 4, register)
export const destinationPort = (register: number): Attribute => payload('transport', 2, 2, register)

/** Go on only where an address of the packet is (not) in a range. */
export function range(end: 'source' | 'destination', cidr: string, isIn = true): Attribute[] {
  const [base = '', length = '32'] = cidr.split('/')
  const bits = Number(length) === 0 ? 0 : (0xffffffff << (32 - Number(length))) >>> 0
  const maskBytes = new Uint8Array([
    bits >>> 24,
    (bits >>> 16) & 255,
    (bits >>> 8) & 255,
    bits & 255,
  ])
  const network = addressKey(base).map((byte, index) => byte & (maskBytes[index] ?? 0))
  return [
    end === 'source' ? source4() : destination4(),
    mask(maskBytes),
    compare(isIn ? 'equal' : 'different', network),
  ]
}

/** @throws {OperationError} where it is no IPv4 address */
export function addressKey(address: string): Uint8Array {
  return requireAddress(address, 'an address of a service')
}

/** Padded to four bytes, as parts of a concatenation are. */
export function portKey(port: number): Uint8Array {
  return new Uint8Array([port >> 8, port & 255, 0, 0])
}

export function protocolNumber(protocol: Protocol): number {
  return protocolNumbers[protocol]
}

/** Protocol and port, as a concatenation. */
export function protocolPortKey(protocol: Protocol, port: number): Uint8Array {
  return concatBytes([new Uint8Array([protocolNumbers[protocol], 0, 0, 0]), portKey(port)])
}

export function addressPortKey(address: string, protocol: Protocol, port: number): Uint8Array {
  return concatBytes([addressKey(address), protocolPortKey(protocol, port)])
}

/** Data of a map that leads to an address and port. */
export function backendData(address: string, port: number): Uint8Array {
  return concatBytes([addressKey(address), portKey(port)])
}

/** What a random number is compared with. */
export const numberKey = u32

export function asProtocol(text: string | undefined): Protocol {
  return text === 'UDP' || text === 'SCTP' ? text : 'TCP'
}
