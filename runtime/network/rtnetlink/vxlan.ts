import { text, u32 } from '../../../native/netlink-attribute.ts'
import { netlinkFlags } from '../../../native/netlink-message.ts'
import { linkHeaderBytes } from './link.ts'
import { routeTypes } from './request.ts'
import type { RouteRequest } from './request.ts'

// A VXLAN link, RFC 7348: Ethernet frames in UDP datagrams. IFLA_VXLAN_* of linux/if_link.h. Pure.

const IFF_UP = 1
const IFLA_ADDRESS = 1
const IFLA_IFNAME = 3
const IFLA_MTU = 4
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const IFLA_VXLAN_ID = 1
const IFLA_VXLAN_LOCAL = 4
const IFLA_VXLAN_LEARNING = 7
const IFLA_VXLAN_PORT = 15

/** What a frame grows by on its way: Ethernet, IPv4, UDP and VXLAN headers, bytes. */
export const vxlanOverhead = 50

export interface NewVxlan {
  readonly name: string
  /** Below 2^24; both ends have the same. */
  readonly id: number
  /** UDP port, the same at both ends. */
  readonly port: number
  /** This end's IPv4 address. */
  readonly local: Uint8Array
  readonly mac: Uint8Array
  /** Bytes. */
  readonly mtu: number
}

/** Make a tunnel that is up. It learns nothing by itself: neighbours and ends are told it. */
export function createVxlan({ name, id, port, local, mac, mtu }: NewVxlan): RouteRequest {
  const header = new Uint8Array(linkHeaderBytes)
  const view = new DataView(header.buffer)
  view.setUint32(8, IFF_UP, true)
  view.setUint32(12, IFF_UP, true)
  const data = [
    { type: IFLA_VXLAN_ID, payload: u32(id) },
    { type: IFLA_VXLAN_LOCAL, payload: local },
    { type: IFLA_VXLAN_LEARNING, payload: new Uint8Array([0]) },
    { type: IFLA_VXLAN_PORT, payload: new Uint8Array([port >> 8, port & 255]) },
  ]
  return {
    type: routeTypes.newLink,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    header,
    attributes: [
      { type: IFLA_IFNAME, payload: text(name) },
      { type: IFLA_ADDRESS, payload: mac },
      { type: IFLA_MTU, payload: u32(mtu) },
      {
        type: IFLA_LINKINFO,
        payload: [
          { type: IFLA_INFO_KIND, payload: Buffer.from('vxlan') },
          { type: IFLA_INFO_DATA, payload: data },
        ],
      },
    ],
  }
}
