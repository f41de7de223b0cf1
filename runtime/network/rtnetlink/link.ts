import {
  decodeAttributes,
  encodeAttributes,
  readText,
  readU32,
  text,
  u32,
} from '../../../native/netlink-attribute.ts'
import type { Attribute } from '../../../native/netlink-attribute.ts'
import { concatBytes } from '../../../native/netlink-attribute.ts'
import { netlinkFlags } from '../../../native/netlink-message.ts'
import { routeTypes } from './request.ts'
import type { RouteRequest } from './request.ts'

// Links: struct ifinfomsg and IFLA_* of linux/if_link.h, rtnetlink(7). Pure.

const IFF_UP = 1
const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_MASTER = 10
const IFLA_LINKINFO = 18
const IFLA_NET_NS_PID = 19
const IFLA_IFALIAS = 20
const IFLA_AF_SPEC = 26
const IFLA_EXT_MASK = 29
const RTEXT_FILTER_SKIP_STATS = 8
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const IFLA_INFO_SLAVE_KIND = 4
const IFLA_INFO_SLAVE_DATA = 5
const AF_BRIDGE = 7
const IFLA_PROTINFO = 12
const IFLA_BRPORT_STATE = 1
const IFLA_BRPORT_MODE = 4
const IFLA_BRPORT_FLUSH = 24
const VETH_INFO_PEER = 1
const IFLA_INET6_ADDR_GEN_MODE = 8
const addressGenerationNone = 1
const AF_INET6 = 10

/** Bytes of struct ifinfomsg. */
export const linkHeaderBytes = 16

export interface Link {
  readonly index: number
  readonly name: string
  readonly up: boolean
  /** `bridge`, `veth`, …; empty for hardware. */
  readonly kind: string
  readonly alias: string
  /** Index of the bridge it is a port of, or 0. */
  readonly master: number
  readonly mtu: number
  /** Hardware address in bytes; empty where it has none. */
  readonly mac: Uint8Array
}

interface HeaderFields {
  readonly index?: number
  readonly up?: boolean
  readonly changeUp?: boolean
  readonly family?: number
}

function linkHeader({
  index = 0,
  up = false,
  changeUp = up,
  family = 0,
}: HeaderFields): Uint8Array {
  const bytes = new Uint8Array(linkHeaderBytes)
  bytes[0] = family
  const view = new DataView(bytes.buffer)
  view.setInt32(4, index, true)
  view.setUint32(8, up ? IFF_UP : 0, true)
  view.setUint32(12, changeUp ? IFF_UP : 0, true)
  return bytes
}

/** Read one link by name; the answer is one message, or ENODEV. */
export function getLink(name: string): RouteRequest {
  return {
    type: routeTypes.getLink,
    flags: 0,
    header: linkHeader({}),
    attributes: [
      { type: IFLA_EXT_MASK, payload: u32(RTEXT_FILTER_SKIP_STATS) },
      { type: IFLA_IFNAME, payload: text(name) },
    ],
  }
}

/** Read every link of the namespace. */
export function dumpLinks(): RouteRequest {
  return {
    type: routeTypes.getLink,
    flags: netlinkFlags.dump,
    header: linkHeader({}),
    attributes: [{ type: IFLA_EXT_MASK, payload: u32(RTEXT_FILTER_SKIP_STATS) }],
  }
}

/** @param body of an RTM_NEWLINK message */
export function decodeLink(body: Uint8Array): Link {
  const attributes = decodeAttributes(body.subarray(linkHeaderBytes))
  const info = decodeAttributes(attributes.get(IFLA_LINKINFO) ?? new Uint8Array())
  return {
    index: readU32(body.subarray(4)),
    name: readText(attributes.get(IFLA_IFNAME)),
    up: (readU32(body.subarray(8)) & IFF_UP) !== 0,
    kind: readText(info.get(IFLA_INFO_KIND)),
    alias: readText(attributes.get(IFLA_IFALIAS)),
    master: readU32(attributes.get(IFLA_MASTER)),
    mtu: readU32(attributes.get(IFLA_MTU)),
    mac: attributes.get(IFLA_ADDRESS) ?? new Uint8Array(),
  }
}

export interface NewBridge {
  readonly name: string
  readonly mac?: Uint8Array | undefined
  readonly mtu?: number | undefined
}

/** Make a bridge that is up. */
export function createBridge({ name, mac, mtu }: NewBridge): RouteRequest {
  return {
    type: routeTypes.newLink,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    header: linkHeader({ up: true }),
    attributes: [
      { type: IFLA_IFNAME, payload: text(name) },
      ...(mac ? [{ type: IFLA_ADDRESS, payload: mac }] : []),
      ...(mtu === undefined ? [] : [{ type: IFLA_MTU, payload: u32(mtu) }]),
      { type: IFLA_LINKINFO, payload: [kind('bridge')] },
    ],
  }
}

function kind(name: string): Attribute {
  return { type: IFLA_INFO_KIND, payload: Buffer.from(name) }
}

export interface NewVeth {
  readonly name: string
  /** Index of the host's end: naming it lets the other end have a chosen one too (veth.c). */
  readonly index: number
  /** Index of the bridge. */
  readonly master: number
  /** Whether the host's end is up at once. */
  readonly up: boolean
  readonly mtu?: number | undefined
  readonly peer: { readonly name: string; readonly index: number; readonly mac: Uint8Array }
}

/**
 * Make a pair: one end on the bridge, the other in the namespace of the process whose id
 * is written at `pidOffset` of the encoded message. The far end cannot be up yet: the kernel
 * refuses that with ENOTCONN.
 */
export function createVeth(veth: NewVeth): { request: RouteRequest; pidOffset: number } {
  const peer = concatBytes([
    linkHeader({ index: veth.peer.index }),
    encodeAttributes([
      { type: IFLA_NET_NS_PID, payload: u32(0) },
      { type: IFLA_IFNAME, payload: text(veth.peer.name) },
      { type: IFLA_ADDRESS, payload: veth.peer.mac },
      ...(veth.mtu === undefined ? [] : [{ type: IFLA_MTU, payload: u32(veth.mtu) }]),
    ]),
  ])
  const leading = [
    { type: IFLA_IFNAME, payload: text(veth.name) },
    { type: IFLA_MASTER, payload: u32(veth.master) },
    ...(veth.mtu === undefined ? [] : [{ type: IFLA_MTU, payload: u32(veth.mtu) }]),
  ]
  const info: Attribute = {
    type: IFLA_LINKINFO,
    payload: [
      kind('veth'),
      { type: IFLA_INFO_DATA, payload: [{ type: VETH_INFO_PEER, payload: peer }] },
    ],
  }
  const request = {
    type: routeTypes.newLink,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    header: linkHeader({ index: veth.index, up: veth.up }),
    attributes: [...leading, info],
  }
  // nlmsghdr, ifinfomsg, what leads, then four headers deep: LINKINFO, the kind, DATA, PEER.
  const nested = 4 + encodeAttributes([kind('veth')]).length + 4 + 4
  const attribute = 4
  const pidOffset =
    16 + linkHeaderBytes + encodeAttributes(leading).length + nested + linkHeaderBytes + attribute
  return { request, pidOffset }
}

export interface LinkChange {
  readonly index?: number | undefined
  readonly name?: string | undefined
  readonly up?: boolean | undefined
  /** No IPv6 link-local address of the kernel's own making. */
  readonly noLinkLocal?: boolean | undefined
  readonly alias?: string | undefined
  /** Hardware address in bytes. */
  readonly mac?: Uint8Array | undefined
  /** Index of the bridge that it becomes a port of. */
  readonly master?: number | undefined
}

/** Change a link that is named by index or by name. */
export function setLink(change: LinkChange): RouteRequest {
  const { index = 0, name, up, noLinkLocal, alias, mac, master } = change
  return {
    type: routeTypes.newLink,
    flags: 0,
    header: linkHeader({ index, up: up ?? false, changeUp: up !== undefined }),
    attributes: [
      ...(name === undefined ? [] : [{ type: IFLA_IFNAME, payload: text(name) }]),
      ...(alias === undefined ? [] : [{ type: IFLA_IFALIAS, payload: Buffer.from(alias) }]),
      ...(mac === undefined ? [] : [{ type: IFLA_ADDRESS, payload: mac }]),
      ...(master === undefined ? [] : [{ type: IFLA_MASTER, payload: u32(master) }]),
      ...(noLinkLocal ? [noLinkLocalAttribute()] : []),
    ],
  }
}

function noLinkLocalAttribute(): Attribute {
  const mode = { type: IFLA_INET6_ADDR_GEN_MODE, payload: new Uint8Array([addressGenerationNone]) }
  return { type: IFLA_AF_SPEC, payload: [{ type: AF_INET6, payload: [mode] }] }
}

/** Let a port of a bridge send a frame back to where it came from ("hairpin", bridge(8)). */
export function allowHairpin(index: number): RouteRequest {
  const mode = { type: IFLA_BRPORT_MODE, payload: new Uint8Array([1]) }
  const info = [
    { type: IFLA_INFO_SLAVE_KIND, payload: Buffer.from('bridge') },
    { type: IFLA_INFO_SLAVE_DATA, payload: [mode] },
  ]
  return {
    type: routeTypes.newLink,
    flags: 0,
    header: linkHeader({ index }),
    attributes: [{ type: IFLA_LINKINFO, payload: info }],
  }
}

/**
 * Have a port of a bridge pass nothing on any more, either way, and the bridge forget who is there ("state disabled",
 * "flush", bridge(8)). Unlike setting it down it waits for no grace period of the kernel's.
 */
export function closePort(index: number): RouteRequest {
  const settings = [
    { type: IFLA_BRPORT_STATE, payload: new Uint8Array([0]) },
    { type: IFLA_BRPORT_FLUSH, payload: new Uint8Array() },
  ]
  // The bridge's own request: by the one that changes links a port is opened again at once, as its link is up.
  return {
    type: routeTypes.setLink,
    flags: 0,
    header: linkHeader({ index, family: AF_BRIDGE }),
    attributes: [{ type: IFLA_PROTINFO, payload: settings }],
  }
}

export function deleteLink(index: number): RouteRequest {
  return { type: routeTypes.deleteLink, flags: 0, header: linkHeader({ index }), attributes: [] }
}
