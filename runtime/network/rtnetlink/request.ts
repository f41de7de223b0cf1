import { concatBytes, encodeAttributes } from '../../../native/netlink-attribute.ts'
import type { Attribute } from '../../../native/netlink-attribute.ts'
import { encodeMessage, netlinkFlags } from '../../../native/netlink-message.ts'

// rtnetlink(7) requests: message type, fixed header of the object, attributes. Pure.

export const routeTypes = {
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  setLink: 19,
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
  newRoute: 24,
  deleteRoute: 25,
  getRoute: 26,
  newNeighbour: 28,
  deleteNeighbour: 29,
} as const

export interface RouteRequest {
  readonly type: number
  readonly flags: number
  readonly header: Uint8Array
  readonly attributes: readonly Attribute[]
}

/** One message; the kernel is asked for nothing but what `flags` say. */
export function encodeRouteRequest(request: RouteRequest, sequence: number): Uint8Array {
  return encodeMessage({
    type: request.type,
    flags: netlinkFlags.request | request.flags,
    sequence,
    body: concatBytes([request.header, encodeAttributes(request.attributes)]),
  })
}

/** A datagram of several changes, each acknowledged: `requests.length` acks come back. */
export function encodeRouteChanges(requests: readonly RouteRequest[]): Uint8Array {
  return concatBytes(
    requests.map((request, index) =>
      encodeRouteRequest({ ...request, flags: request.flags | netlinkFlags.ack }, index + 1),
    ),
  )
}
