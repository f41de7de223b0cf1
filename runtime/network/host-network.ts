import { existsSync, readFileSync } from 'node:fs'
import { parseAddress } from './ip-address.ts'
import { hasErrno } from './kernel-verdict.ts'
import { openNetlinkSocket } from '../../native/netlink-socket.ts'
import type { NetlinkSocket } from '../../native/netlink-socket.ts'
import { decodeLink, dumpLinks, getLink } from './rtnetlink/link.ts'
import type { Link } from './rtnetlink/link.ts'
import { decodeAddress, dumpAddresses } from './rtnetlink/address.ts'
import type { LinkAddress } from './rtnetlink/address.ts'
import { decodeRoute, dumpRoutes, isDefaultRoute } from './rtnetlink/route.ts'
import type { Route } from './rtnetlink/route.ts'
import { encodeRouteRequest } from './rtnetlink/request.ts'
import type { Subnet } from './subnet.ts'

// What the kernel has: questions about the network namespace of this process.

/** The link of that name, or undefined. */
export function findLink(socket: NetlinkSocket, name: string): Link | undefined {
  try {
    const [message] = socket.read(encodeRouteRequest(getLink(name), 1))
    return message && decodeLink(message.body)
  } catch (error) {
    if (hasErrno(error, 'ENODEV')) return undefined
    throw error
  }
}

/** Whether an interface is there, as a port of the bridge with this index. */
export function isOnBridge(name: string, bridge: number): boolean {
  using socket = openNetlinkSocket('route')
  return findLink(socket, name)?.master === bridge
}

function listLinks(socket: NetlinkSocket): Link[] {
  return socket.read(encodeRouteRequest(dumpLinks(), 1)).map(({ body }) => decodeLink(body))
}

export function listAddresses(socket: NetlinkSocket, family: 'ipv4' | 'ipv6'): LinkAddress[] {
  const request = encodeRouteRequest(dumpAddresses(family), 1)
  return socket.read(request).map(({ body }) => decodeAddress(body))
}

function listRoutes(socket: NetlinkSocket, family: 'ipv4' | 'ipv6'): Route[] {
  return socket.read(encodeRouteRequest(dumpRoutes(family), 1)).map(({ body }) => decodeRoute(body))
}

const localTable = 255

/** Networks of one family that the host has routes to, its default routes left out. */
export function usedSubnets(family: 'ipv4' | 'ipv6'): Subnet[] {
  using socket = openNetlinkSocket('route')
  return listRoutes(socket, family).flatMap(({ destination, prefixLength, table }) =>
    destination && table !== localTable ? [{ address: destination, prefixLength }] : [],
  )
}

/** The host's name servers, each as a range of one: a network over them would cut the whole host off from names. */
export function nameServerSubnets(resolvConf: string): Subnet[] {
  return resolvConf.split('\n').flatMap((line) => {
    const address = parseAddress(/^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? '')
    return address ? [{ address, prefixLength: address.length * 8 }] : []
  })
}

/** Greatest packet of the interface of the IPv4 default route; undefined where there is none. */
export function defaultRouteMtu(socket: NetlinkSocket): number | undefined {
  return defaultRouteLink(socket)?.mtu
}

/** The interface of the IPv4 default route; undefined where there is none. */
export function defaultRouteLink(socket: NetlinkSocket): Link | undefined {
  const [route] = listRoutes(socket, 'ipv4')
    .filter(isDefaultRoute)
    .toSorted((one, other) => one.metric - other.metric)
  if (!route) return undefined
  return listLinks(socket).find(({ index }) => index === route.outgoing)
}

/** Whether interfaces can have IPv6 addresses here at all. */
export function hostHasIpv6(): boolean {
  const path = '/proc/sys/net/ipv6/conf/all/disable_ipv6'
  return existsSync(path) && readFileSync(path, 'utf8').trim() === '0'
}
