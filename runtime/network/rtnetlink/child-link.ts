import { encodeAttributes, text, u32 } from '../../../native/netlink-attribute.ts'
import type { Attribute } from '../../../native/netlink-attribute.ts'
import { netlinkFlags } from '../../../native/netlink-message.ts'
import { linkHeaderBytes } from './link.ts'
import { routeTypes } from './request.ts'
import type { RouteRequest } from './request.ts'

// Interfaces that share another one with the host: macvlan and ipvlan, IFLA_MACVLAN_* and IFLA_IPVLAN_* of
// linux/if_link.h. Pure.

const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_LINK = 5
const IFLA_LINKINFO = 18
const IFLA_NET_NS_PID = 19
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const MODE = 1 // IFLA_MACVLAN_MODE, IFLA_IPVLAN_MODE

const macvlanModes: Readonly<Record<string, number>> = {
  private: 1,
  vepa: 2,
  bridge: 4,
  passthru: 8,
}
const ipvlanModes: Readonly<Record<string, number>> = { l2: 0, l3: 1, l3s: 2 }

export interface NewChildLink {
  readonly kind: 'macvlan' | 'ipvlan'
  readonly mode: string
  /** Index of the interface that it shares. */
  readonly parent: number
  readonly name: string
  readonly index: number
  readonly mtu: number
  /** Of a macvlan; an ipvlan has its parent's. */
  readonly mac?: Uint8Array | undefined
}

/**
 * Make one in the namespace of the process whose id is written at `pidOffset` of the encoded message. Its parent is looked
 * up where the message is sent.
 */
export function createChildLink(link: NewChildLink): { request: RouteRequest; pidOffset: number } {
  const leading: Attribute[] = [
    { type: IFLA_IFNAME, payload: text(link.name) },
    { type: IFLA_LINK, payload: u32(link.parent) },
    { type: IFLA_MTU, payload: u32(link.mtu) },
  ]
  const info: Attribute[] = [
    { type: IFLA_INFO_KIND, payload: Buffer.from(link.kind) },
    { type: IFLA_INFO_DATA, payload: [{ type: MODE, payload: modeBytes(link) }] },
  ]
  const header = new Uint8Array(linkHeaderBytes)
  new DataView(header.buffer).setInt32(4, link.index, true)
  return {
    request: {
      type: routeTypes.newLink,
      flags: netlinkFlags.create | netlinkFlags.exclusive,
      header,
      attributes: [
        ...leading,
        { type: IFLA_NET_NS_PID, payload: u32(0) },
        ...(link.mac ? [{ type: IFLA_ADDRESS, payload: link.mac }] : []),
        { type: IFLA_LINKINFO, payload: info },
      ],
    },
    // nlmsghdr, ifinfomsg, what leads, the head of the attribute.
    pidOffset: 16 + linkHeaderBytes + encodeAttributes(leading).length + 4,
  }
}

function modeBytes({ kind, mode }: NewChildLink): Uint8Array {
  if (kind === 'macvlan') return u32(macvlanModes[mode] ?? 0)
  return new Uint8Array([ipvlanModes[mode] ?? 0, 0])
}
