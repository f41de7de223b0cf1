import { netlinkFlags } from '../../../native/netlink-message.ts'
import { familyOf } from './address.ts'
import { routeTypes } from './request.ts'
import type { RouteRequest } from './request.ts'

// Neighbours that are known without asking: struct ndmsg and NDA_* of linux/neighbour.h, rtnetlink(7). Pure.

const NDA_DST = 1
const NDA_LLADDR = 2
const NUD_NOARP = 0x40
const NUD_PERMANENT = 0x80
const NTF_SELF = 2
const AF_BRIDGE = 7

export interface Neighbour {
  /** Index of the link. */
  readonly link: number
  readonly address: Uint8Array
  /** Hardware address in bytes. */
  readonly mac: Uint8Array
}

function header(family: number, link: number, state: number, flags: number): Uint8Array {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, family)
  view.setInt32(4, link, true)
  view.setUint16(8, state, true)
  view.setUint8(10, flags)
  return bytes
}

const put = {
  type: routeTypes.newNeighbour,
  flags: netlinkFlags.create | netlinkFlags.replace,
}
const take = { type: routeTypes.deleteNeighbour, flags: 0 }

/** Which hardware address has this address on the link. */
export function setNeighbour({ link, address, mac }: Neighbour): RouteRequest {
  return {
    ...put,
    header: header(familyOf(address), link, NUD_PERMANENT, 0),
    attributes: [
      { type: NDA_DST, payload: address },
      { type: NDA_LLADDR, payload: mac },
    ],
  }
}

export function deleteNeighbour({ link, address }: Omit<Neighbour, 'mac'>): RouteRequest {
  const attributes = [{ type: NDA_DST, payload: address }]
  return { ...take, header: header(familyOf(address), link, 0, 0), attributes }
}

/** To which machine a tunnel sends frames for a hardware address; see "bridge fdb" in bridge(8). */
export function setTunnelEnd({ link, address, mac }: Neighbour): RouteRequest {
  return {
    ...put,
    header: header(AF_BRIDGE, link, NUD_PERMANENT | NUD_NOARP, NTF_SELF),
    attributes: [
      { type: NDA_LLADDR, payload: mac },
      { type: NDA_DST, payload: address },
    ],
  }
}

export function deleteTunnelEnd({ link, mac }: Omit<Neighbour, 'address'>): RouteRequest {
  const attributes = [{ type: NDA_LLADDR, payload: mac }]
  return { ...take, header: header(AF_BRIDGE, link, 0, NTF_SELF), attributes }
}
