import { decodeAttributes, readU32, u32 } from '../../../native/netlink-attribute.ts'
import { netlinkFlags } from '../../../native/netlink-message.ts'
import { familyOf } from './address.ts'
import { routeTypes } from './request.ts'
import type { RouteRequest } from './request.ts'

// Routes: struct rtmsg and RTA_* of linux/rtnetlink.h, rtnetlink(7). Pure.

const RTA_DST = 1
const RTA_OIF = 4
const RTA_GATEWAY = 5
const RTA_PRIORITY = 6
const RTA_TABLE = 15
const RT_TABLE_MAIN = 254
const RTPROT_BOOT = 3
const RT_SCOPE_UNIVERSE = 0
const RT_SCOPE_LINK = 253
const RT_SCOPE_NOWHERE = 255
const RTNH_F_ONLINK = 4
const RTN_UNICAST = 1
const headerBytes = 12

export interface Route {
  readonly family: 'ipv4' | 'ipv6'
  /** Destination in bytes; absent for the default route. */
  readonly destination?: Uint8Array | undefined
  readonly prefixLength: number
  readonly gateway?: Uint8Array | undefined
  /** Index of the link it leaves by, or 0. */
  readonly outgoing: number
  readonly table: number
  readonly metric: number
  readonly type: number
  /** Who made it, a number of /etc/iproute2/rt_protos. */
  readonly protocol: number
}

/**
 * Send what has no closer route to `gateway`.
 *
 * @param onLink the gateway is on the link although no address of the link says so
 */
export function addDefaultRoute(
  gateway: Uint8Array,
  outgoing: number,
  onLink = false,
): RouteRequest {
  const header = new Uint8Array(headerBytes)
  header.set([
    familyOf(gateway),
    0,
    0,
    0,
    RT_TABLE_MAIN,
    RTPROT_BOOT,
    RT_SCOPE_UNIVERSE,
    RTN_UNICAST,
  ])
  if (onLink) new DataView(header.buffer).setUint32(8, RTNH_F_ONLINK, true)
  return {
    type: routeTypes.newRoute,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    header,
    attributes: [
      { type: RTA_GATEWAY, payload: gateway },
      { type: RTA_OIF, payload: u32(outgoing) },
    ],
  }
}

/** Send what has no closer route out by a link, whoever answers there. */
export function addDeviceRoute(family: 'ipv4' | 'ipv6', outgoing: number): RouteRequest {
  const header = new Uint8Array(headerBytes)
  const number = family === 'ipv4' ? 2 : 10
  header.set([number, 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_LINK, RTN_UNICAST])
  return {
    type: routeTypes.newRoute,
    flags: netlinkFlags.create | netlinkFlags.exclusive,
    header,
    attributes: [{ type: RTA_OIF, payload: u32(outgoing) }],
  }
}

/** A route of the main table to a range, by way of a neighbour. */
export interface RouteBy {
  readonly destination: Uint8Array
  readonly prefixLength: number
  readonly gateway: Uint8Array
  /** Index of the link. */
  readonly outgoing: number
  /** Marks who made it. */
  readonly protocol: number
  /** The gateway is on the link although no address of the link says so. */
  readonly onLink?: boolean
}

/** Make a route, or replace the one to the same range. */
export function replaceRoute(route: RouteBy): RouteRequest {
  const flags = netlinkFlags.create | netlinkFlags.replace
  return { ...routeRequest(route, RT_SCOPE_UNIVERSE), type: routeTypes.newRoute, flags }
}

/** Delete exactly this route. */
export function deleteRoute(route: RouteBy): RouteRequest {
  return { ...routeRequest(route, RT_SCOPE_NOWHERE), type: routeTypes.deleteRoute, flags: 0 }
}

function routeRequest(
  { destination, prefixLength, gateway, outgoing, protocol, onLink = false }: RouteBy,
  scope: number,
): Pick<RouteRequest, 'header' | 'attributes'> {
  const header = new Uint8Array(headerBytes)
  const family = familyOf(destination)
  header.set([family, prefixLength, 0, 0, RT_TABLE_MAIN, protocol, scope, RTN_UNICAST])
  if (onLink) new DataView(header.buffer).setUint32(8, RTNH_F_ONLINK, true)
  return {
    header,
    attributes: [
      { type: RTA_DST, payload: destination },
      { type: RTA_GATEWAY, payload: gateway },
      { type: RTA_OIF, payload: u32(outgoing) },
    ],
  }
}

/** Read every route of one family, of all tables. */
export function dumpRoutes(family: 'ipv4' | 'ipv6'): RouteRequest {
  const header = new Uint8Array(headerBytes)
  header[0] = family === 'ipv4' ? 2 : 10
  return { type: routeTypes.getRoute, flags: netlinkFlags.dump, header, attributes: [] }
}

/** @param body of an RTM_NEWROUTE message */
export function decodeRoute(body: Uint8Array): Route {
  const attributes = decodeAttributes(body.subarray(headerBytes))
  return {
    family: body[0] === 2 ? 'ipv4' : 'ipv6',
    destination: attributes.get(RTA_DST),
    prefixLength: body[1] ?? 0,
    gateway: attributes.get(RTA_GATEWAY),
    outgoing: readU32(attributes.get(RTA_OIF)),
    table: readU32(attributes.get(RTA_TABLE)) || (body[4] ?? 0),
    metric: readU32(attributes.get(RTA_PRIORITY)),
    type: body[7] ?? 0,
    protocol: body[5] ?? 0,
  }
}

/** Whether it is the main table's route for everything that has no closer one. */
export function isDefaultRoute(route: Route): boolean {
  return route.prefixLength === 0 && route.table === RT_TABLE_MAIN && route.type === RTN_UNICAST
}
