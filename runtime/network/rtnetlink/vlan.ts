import { text, u32 } from '../../../native/netlink-attribute.ts'
import { netlinkFlags } from '../../../native/netlink-message.ts'
import { linkHeaderBytes } from './link.ts'
import { routeTypes } from './request.ts'
import type { RouteRequest } from './request.ts'

// An IEEE 802.1Q VLAN of an interface. IFLA_VLAN_* of linux/if_link.h. Pure.

const IFLA_IFNAME = 3
const IFLA_LINK = 5
const IFLA_LINKINFO = 18
const IFLA_INFO_KIND = 1
const IFLA_INFO_DATA = 2
const IFLA_VLAN_ID = 1

export interface NewVlan {
  readonly name: string
  /** Index of the interface whose frames it is in. */
  readonly parent: number
  /** 1 to 4094. */
  readonly id: number
}

export function createVlan({ name, parent, id }: NewVlan): RouteRequest {
  const data = [{ type: IFLA_VLAN_ID, payload: new Uint8Array(new Uint16Array([id]).buffer) }]
  return {
    type: routeTypes.newLink,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    header: new Uint8Array(linkHeaderBytes),
    attributes: [
      { type: IFLA_IFNAME, payload: text(name) },
      { type: IFLA_LINK, payload: u32(parent) },
      {
        type: IFLA_LINKINFO,
        payload: [
          { type: IFLA_INFO_KIND, payload: Buffer.from('vlan') },
          { type: IFLA_INFO_DATA, payload: data },
        ],
      },
    ],
  }
}
