import { networkInterfaces } from 'node:os'
import { openNetlinkSocket, requireAck } from '../../native/netlink-socket.ts'
import type { NetlinkSocket } from '../../native/netlink-socket.ts'
import { findLink, listAddresses } from '../../runtime/network/host-network.ts'
import { formatAddress, requireAddress } from '../../runtime/network/ip-address.ts'
import { hasErrno } from '../../runtime/network/kernel-verdict.ts'
import { addAddress } from '../../runtime/network/rtnetlink/address.ts'
import { deleteLink } from '../../runtime/network/rtnetlink/link.ts'
import {
  deleteNeighbour,
  deleteTunnelEnd,
  setNeighbour,
  setTunnelEnd,
} from '../../runtime/network/rtnetlink/neighbour.ts'
import { encodeRouteChanges, encodeRouteRequest } from '../../runtime/network/rtnetlink/request.ts'
import type { RouteRequest } from '../../runtime/network/rtnetlink/request.ts'
import {
  decodeRoute,
  deleteRoute,
  dumpRoutes,
  replaceRoute,
} from '../../runtime/network/rtnetlink/route.ts'
import type { Route, RouteBy } from '../../runtime/network/rtnetlink/route.ts'
import { createVxlan, vxlanOverhead } from '../../runtime/network/rtnetlink/vxlan.ts'
import { contains, parseSubnet } from '../../runtime/network/subnet.ts'
import type { Subnet } from '../../runtime/network/subnet.ts'
import { planRoutes, tunnelAddress, tunnelMac } from './plan-routes.ts'
import type { NodeOfNetwork, PlannedRoute, RouteMode } from './plan-routes.ts'

// The kernel's routes to pods of other nodes, of the network namespace of this process.

/** Marks routes as ours, whoever of us made them; no number that iproute2 or a routing daemon uses. */
const protocol = 0x6d
const vxlanPort = 8472
const vxlanId = 1
const usualMtu = 1500

export interface RouteTableOptions {
  readonly own: NodeOfNetwork
  readonly mode?: RouteMode | undefined
  /** Name of the tunnel's interface. Absent: `mytun0`. */
  readonly tunnel?: string | undefined
}

export const usualTunnel = 'mytun0'

/**
 * Give the kernel the routes to pods of these nodes and take away those to others. What is right already stays as it is.
 *
 * @returns how many routes were changed, and what went wrong, by node
 */
export function applyRoutes(
  options: RouteTableOptions,
  nodes: readonly NodeOfNetwork[],
): { readonly changes: number; readonly failures: readonly { node: string; error: unknown }[] } {
  const { own, mode } = options
  using socket = openNetlinkSocket('route')
  const links = listLinksWithAddress(socket)
  const segments = links.map(({ segment }) => segment)
  const planned = planRoutes(own, nodes, segments, mode)
  const tunnel = planned.some(({ via }) => via === 'tunnel')
    ? ensureTunnel(socket, options)
    : undefined
  const present = ownRoutes(socket)
  const failures: { node: string; error: unknown }[] = []
  let changes = 0
  const wanted = new Set<string>()
  for (const plan of planned) {
    wanted.add(plan.podCidr)
    try {
      const requests = requestsFor(plan, links, tunnel)
      // Told each time: a node that came back with another address is behind the same route.
      send(socket, requests.before, plan.podCidr)
      if (isPresent(present.get(plan.podCidr), requests.route)) continue
      send(socket, [replaceRoute(requests.route)], plan.podCidr)
      changes++
    } catch (error) {
      failures.push({ node: plan.name, error })
    }
  }
  for (const [cidr, route] of present)
    if (!wanted.has(cidr)) {
      remove(socket, route, tunnel)
      changes++
    }
  return { changes, failures }
}

/** Take all of it out of the kernel; fine where there is nothing. */
export function removeRoutes(tunnel = usualTunnel): void {
  using socket = openNetlinkSocket('route')
  for (const route of ownRoutes(socket).values()) remove(socket, route, undefined)
  const link = findLink(socket, tunnel)
  if (link) send(socket, [deleteLink(link.index)], tunnel)
}

interface LinkSegment {
  readonly index: number
  readonly segment: Subnet
}

/** Ranges that this machine is on; an address alone is no range. */
function listLinksWithAddress(socket: NetlinkSocket): LinkSegment[] {
  return listAddresses(socket, 'ipv4')
    .filter(({ prefixLength }) => prefixLength < 32)
    .map(({ index, address, prefixLength }) => ({ index, segment: { address, prefixLength } }))
}

function ownRoutes(socket: NetlinkSocket): Map<string, Route> {
  const all = socket.read(encodeRouteRequest(dumpRoutes('ipv4'), 1))
  const ours = all
    .map(({ body }) => decodeRoute(body))
    .filter((route) => route.protocol === protocol && route.destination !== undefined)
  return new Map(ours.map((route) => [cidrOf(route), route]))
}

function cidrOf({ destination, prefixLength }: Route): string {
  return `${formatAddress(destination ?? new Uint8Array(4))}/${prefixLength}`
}

function isPresent(route: Route | undefined, { gateway, outgoing }: RouteBy): boolean {
  return (
    route?.gateway !== undefined &&
    route.outgoing === outgoing &&
    formatAddress(route.gateway) === formatAddress(gateway)
  )
}

function requestsFor(
  { podCidr, address: text, via }: PlannedRoute,
  links: readonly LinkSegment[],
  tunnel: number | undefined,
): { readonly before: readonly RouteRequest[]; readonly route: RouteBy } {
  const { address: destination, prefixLength } = parseSubnet(podCidr)
  const address = requireAddress(text, 'the address of a node')
  if (via === 'neighbour' || tunnel === undefined) {
    const outgoing = links.find(({ segment }) => contains(segment, address))?.index ?? 0
    return {
      before: [],
      route: { destination, prefixLength, gateway: address, outgoing, protocol },
    }
  }
  const gateway = tunnelAddress(podCidr)
  const mac = tunnelMac(gateway)
  return {
    before: [
      setNeighbour({ link: tunnel, address: gateway, mac }),
      setTunnelEnd({ link: tunnel, address, mac }),
    ],
    route: { destination, prefixLength, gateway, outgoing: tunnel, protocol, onLink: true },
  }
}

function ensureTunnel(
  socket: NetlinkSocket,
  { own, tunnel: name = usualTunnel }: RouteTableOptions,
): number {
  const address = tunnelAddress(own.podCidr)
  const present = findLink(socket, name)
  const mac = tunnelMac(address)
  const isOurs = present && Buffer.compare(present.mac, mac) === 0
  if (present && !isOurs) send(socket, [deleteLink(present.index)], name)
  if (!isOurs)
    send(
      socket,
      [
        createVxlan({
          name,
          id: vxlanId,
          port: vxlanPort,
          local: requireAddress(own.address, 'the address of this node'),
          mac,
          mtu: uplinkMtu(socket, own.address) - vxlanOverhead,
        }),
      ],
      name,
    )
  const index = findLink(socket, name)?.index ?? 0
  // A node that answers a pod of another one needs an address on this side.
  if (!listAddresses(socket, 'ipv4').some((one) => one.index === index))
    send(socket, [addAddress({ index, address, prefixLength: 32 })], name)
  return index
}

/** Of the interface that has the node's address. */
function uplinkMtu(socket: NetlinkSocket, address: string): number {
  const [name] =
    Object.entries(networkInterfaces()).find(([, list]) =>
      list?.some((one) => one.address === address),
    ) ?? []
  return (name === undefined ? undefined : findLink(socket, name)?.mtu) ?? usualMtu
}

function remove(socket: NetlinkSocket, route: Route, tunnel: number | undefined): void {
  const { destination, prefixLength, gateway, outgoing } = route
  if (!destination || !gateway) return
  sendTolerant(socket, deleteRoute({ destination, prefixLength, gateway, outgoing, protocol }))
  if (outgoing !== tunnel) return
  sendTolerant(socket, deleteNeighbour({ link: outgoing, address: gateway }))
  sendTolerant(socket, deleteTunnelEnd({ link: outgoing, mac: tunnelMac(gateway) }))
}

function send(socket: NetlinkSocket, requests: readonly RouteRequest[], what: string): void {
  if (requests.length === 0) return
  for (const ack of socket.request(encodeRouteChanges(requests), requests.length))
    requireAck(ack, 'change the routes to pods of other nodes', { what })
}

/** What is gone already need not be taken away. */
function sendTolerant(socket: NetlinkSocket, request: RouteRequest): void {
  try {
    send(socket, [request], 'a node that has gone')
  } catch (error) {
    if (!hasErrno(error, 'ESRCH', 'ENOENT', 'ENODEV')) throw error
  }
}
