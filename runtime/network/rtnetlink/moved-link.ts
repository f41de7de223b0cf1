import {
  type Attribute,
  listAttributes,
  readU32,
  text,
  u32,
} from '../../../native/netlink-attribute.ts'
import { netlinkFlags } from '../../../native/netlink-message.ts'
import { type RouteRequest, encodeRouteRequest, routeTypes } from './request.ts'

// A link that goes to another network namespace, and what is to go with it: rtnetlink(7). Pure.

const IFLA_IFNAME = 3
const IFLA_NET_NS_FD = 28
const IFLA_NEW_IFINDEX = 49
const IFA_FLAGS = 8
// IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_RT_PRIORITY, IFA_PROTO: labels begin with the name of the link.
const kept = new Set([1, 2, 4, 9, 11])
const IFA_F_NODAD = 2
const AF_INET6 = 10
const IFA_F_PERMANENT = 0x80
const RT_SCOPE_UNIVERSE = 0
const addressHeaderBytes = 8

export interface LinkMove {
  readonly index: number
  /** Number over there; the kernel says EBUSY where it is taken. */
  readonly newIndex: number
  /** Name over there, also with `%d` for a number; absent: the one it has. */
  readonly name?: string | undefined
}

/** Offset of the u32 in {@link moveLink} that receives the descriptor of the namespace. */
export const namespaceOffset = 16 + 16 + 4

/** Move a link to the namespace whose descriptor is written at `namespaceOffset`. One acknowledgement comes. */
export function moveLink({ index, newIndex, name }: LinkMove): Uint8Array {
  const header = new Uint8Array(16)
  new DataView(header.buffer).setInt32(4, index, true)
  return encodeRouteRequest(
    {
      type: routeTypes.newLink,
      flags: netlinkFlags.ack,
      header,
      attributes: [
        { type: IFLA_NET_NS_FD, payload: u32(0) },
        { type: IFLA_NEW_IFINDEX, payload: u32(newIndex) },
        ...(name === undefined ? [] : [{ type: IFLA_IFNAME, payload: text(name) }]),
      ],
    },
    1,
  )
}

/** An address as the kernel lists it: RTM_NEWADDR without its index. */
export interface LastingAddress {
  readonly index: number
  readonly header: Uint8Array
  readonly attributes: readonly Attribute[]
}

/** @param body of an RTM_NEWADDR message @returns undefined for an address that is not permanent and global */
export function decodeLastingAddress(body: Uint8Array): LastingAddress | undefined {
  const attributes = listAttributes(body.subarray(addressHeaderBytes))
  const extended = attributes.find(([type]) => type === IFA_FLAGS)?.[1]
  const flags = extended === undefined ? (body[2] ?? 0) : readU32(extended)
  if ((flags & IFA_F_PERMANENT) === 0 || body[3] !== RT_SCOPE_UNIVERSE) return undefined
  return {
    index: readU32(body.subarray(4)),
    header: body.slice(0, addressHeaderBytes),
    attributes: attributes
      .filter(([type]) => kept.has(type))
      .map(([type, payload]) => ({ type, payload: payload.slice() })),
  }
}

/** Give the same address to another link. That nobody else has it was found out long ago. */
export function addLastingAddress(
  { header, attributes }: LastingAddress,
  index: number,
): RouteRequest {
  const own = header.slice()
  own[2] = header[0] === AF_INET6 ? IFA_F_NODAD : 0
  new DataView(own.buffer).setUint32(4, index, true)
  return {
    type: routeTypes.newAddress,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    header: own,
    attributes,
  }
}
