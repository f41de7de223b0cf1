import { decodeAttributes, readU32 } from '../../../native/netlink-attribute.ts'
import { netlinkFlags } from '../../../native/netlink-message.ts'
import { formatAddress } from '../ip-address.ts'
import { routeTypes } from './request.ts'
import type { RouteRequest } from './request.ts'

// Addresses of links: struct ifaddrmsg and IFA_* of linux/if_addr.h, rtnetlink(7). Pure.

const IFA_ADDRESS = 1
const IFA_LOCAL = 2
const IFA_BROADCAST = 4
const IFA_F_NODAD = 2
const headerBytes = 8

export interface LinkAddress {
  /** Index of the link. */
  readonly index: number
  /** 4 or 16 bytes. */
  readonly address: Uint8Array
  readonly prefixLength: number
}

/** Numbers of the address families, address_families(7). */
export function familyOf(address: Uint8Array): number {
  return address.length === 4 ? 2 : 10
}

function header(family: number, prefixLength: number, flags: number, index: number): Uint8Array {
  const bytes = new Uint8Array([family, prefixLength, flags, 0, 0, 0, 0, 0])
  new DataView(bytes.buffer).setUint32(4, index, true)
  return bytes
}

/**
 * Give a link an address. IPv6 addresses skip duplicate address detection: ours are unique by
 * lease, and waiting for it would keep them unusable for a second.
 */
export function addAddress({ index, address, prefixLength }: LinkAddress): RouteRequest {
  const ipv4 = address.length === 4
  return {
    type: routeTypes.newAddress,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    header: header(familyOf(address), prefixLength, ipv4 ? 0 : IFA_F_NODAD, index),
    attributes: [
      { type: IFA_LOCAL, payload: address },
      { type: IFA_ADDRESS, payload: address },
      ...(ipv4 && prefixLength < 31
        ? [{ type: IFA_BROADCAST, payload: broadcastOf(address, prefixLength) }]
        : []),
    ],
  }
}

/** Take an address from a link; EADDRNOTAVAIL where it has it not. */
export function deleteAddress({ index, address, prefixLength }: LinkAddress): RouteRequest {
  return {
    type: routeTypes.deleteAddress,
    flags: 0,
    header: header(familyOf(address), prefixLength, 0, index),
    attributes: [{ type: IFA_LOCAL, payload: address }],
  }
}

function broadcastOf(address: Uint8Array, prefixLength: number): Uint8Array {
  const hostMask = 2 ** (32 - prefixLength) - 1
  const view = new DataView(address.buffer, address.byteOffset, 4)
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, (view.getUint32(0) | hostMask) >>> 0)
  return bytes
}

/** Read every address of one family. */
export function dumpAddresses(family: 'ipv4' | 'ipv6'): RouteRequest {
  return {
    type: routeTypes.getAddress,
    flags: netlinkFlags.dump,
    header: header(family === 'ipv4' ? 2 : 10, 0, 0, 0),
    attributes: [],
  }
}

/** @param body of an RTM_NEWADDR message */
export function decodeAddress(body: Uint8Array): LinkAddress {
  const attributes = decodeAttributes(body.subarray(headerBytes))
  return {
    index: readU32(body.subarray(4)),
    prefixLength: body[1] ?? 0,
    address: attributes.get(IFA_LOCAL) ?? attributes.get(IFA_ADDRESS) ?? new Uint8Array(),
  }
}

/** `10.88.0.1/16`, to compare and to print. */
export function formatLinkAddress({ address, prefixLength }: LinkAddress): string {
  return `${formatAddress(address)}/${prefixLength}`
}
