import { driverOf, firewallTableName } from './network.ts'
import type { Network, NetworkFolders } from './network.ts'
import type { NetworkDevice } from './bridge.ts'
import { requireAddress } from './ip-address.ts'
import type { AddressLease, LeasedAddress } from './lease.ts'
import { parseMac } from './mac-address.ts'
import type { HeldPort, NetlinkExchange, NetworkAttachment } from './netlink-exchange.ts'
import { encodeBatch } from './nftables/message.ts'
import type { TableChange } from './nftables/message.ts'
import { addElements, deleteElements } from './nftables/set.ts'
import type { SetElement } from './nftables/set.ts'
import { portElement, portMaps, showPorts } from './published-port.ts'
import type { PortBinding, PortMap } from './published-port.ts'
import { addAddress } from './rtnetlink/address.ts'
import { createChildLink } from './rtnetlink/child-link.ts'
import { allowHairpin, closePort, createVeth, setLink } from './rtnetlink/link.ts'
import { encodeRouteChanges } from './rtnetlink/request.ts'
import { parseSubnet } from './subnet.ts'
import type { RouteRequest } from './rtnetlink/request.ts'
import { addDefaultRoute, addDeviceRoute, replaceRoute } from './rtnetlink/route.ts'

// One container in one network, as messages that its start program carries. Pure.

export interface AttachmentRequest {
  readonly folders: NetworkFolders
  readonly network: Network
  readonly device: NetworkDevice
  readonly lease: AddressLease
  /** Which interface of the container it is, from 0: `eth0`. */
  readonly position: number
  /** Random, below 2^30: tells this start's interface from the one of a start before, which the
   *  kernel may not have taken away yet. */
  readonly nonce: number
  /** Whether the default route goes here; the first network that leads out. */
  readonly defaultRoute: boolean
  /** Whether it may reach itself by way of an address that is translated to its own; it may where it has `ports`. */
  readonly hairpin?: boolean
  readonly ports: readonly PortBinding[]
  /** Lease files of the ports. */
  readonly portLeases: readonly string[]
  /** A namespace that has the interface of this nonce already, see `planAhead`. */
  readonly namespace?: NamespaceMadeAhead | undefined
}

export interface NamespaceMadeAhead {
  readonly path: string
  /** Its interfaces are up. */
  readonly isUp: boolean
}

export const loopbackIndex = 1
// Above what the kernel gives by itself in a new namespace, where tunnel modules may put devices.
export const firstInterfaceIndex = 100
const hostIndexBase = 0x4000_0000

/** Name of the host's end of the pair. */
export function hostInterfaceName(nonce: number): string {
  return `mcv${nonce.toString(36)}`
}

/** Name of a container's interface. */
export function interfaceName(position: number): string {
  return `eth${position}`
}

/** What the start program of a container does to put it into a network. */
export function planAttachment(request: AttachmentRequest): NetworkAttachment {
  const table = firewallTableName(request.folders)
  const { namespace } = request
  return {
    ...(namespace === undefined ? {} : { namespace: namespace.path }),
    host: [
      ...(namespace === undefined ? [interfaceExchange(request)] : []),
      ...publishExchanges(table, request.ports),
    ],
    inside: [insideExchange(request)],
    held: request.ports.slice(0, mostHeld).flatMap(heldPort),
    cleanup: withdrawExchanges(table, request.ports),
    closing: isShared(request.network) ? [] : [closeExchange(request)],
    leases: [...request.lease.files, ...request.portLeases],
  }
}

/** For a container without a network: only its loopback interface. */
export function planLoopback(): NetworkAttachment {
  const message = encodeRouteChanges([setLink({ index: loopbackIndex, up: true })])
  const start: NetlinkExchange = {
    family: 'route',
    message,
    acks: 1,
    why: 'start the loopback interface of the new network namespace',
    source: 'rtnetlink(7)',
  }
  return { host: [], inside: [start], held: [], cleanup: [], closing: [], leases: [] }
}

/** Of a long range the rest is held by its leases alone: each socket costs steps and a slot of the program. */
const mostHeld = 16

function heldPort({ hostIp, hostPort, protocol }: PortBinding): HeldPort[] {
  if (protocol === 'sctp') return []
  return [{ address: requireAddress(hostIp, 'a published address'), port: hostPort, protocol }]
}

/** Whether containers of a network are children of an interface of the host, with no end of a cable there. */
export function isShared(network: Network): boolean {
  return driverOf(network) === 'macvlan' || driverOf(network) === 'ipvlan'
}

function interfaceExchange(request: AttachmentRequest): NetlinkExchange {
  return isShared(request.network) ? childExchange(request) : vethExchange(request)
}

function childExchange({ device, lease, position, network }: AttachmentRequest): NetlinkExchange {
  const kind = driverOf(network) === 'ipvlan' ? 'ipvlan' : 'macvlan'
  const { request, pidOffset } = createChildLink({
    kind,
    mode: network.mode ?? '',
    parent: device.index,
    name: interfaceName(position),
    index: firstInterfaceIndex + position,
    mtu: device.mtu,
    mac: kind === 'macvlan' ? parseMac(lease.mac) : undefined,
  })
  return {
    family: 'route',
    message: encodeRouteChanges([request]),
    acks: 1,
    pidOffset,
    why: `make ${interfaceName(position)} in the container, a ${kind} of the host’s ${network.parent}`,
    source: 'rtnetlink(7)',
  }
}

/** Makes the pair of interfaces, in the host's network namespace. */
export function vethExchange({
  device,
  lease,
  position,
  nonce,
  network,
  ports,
  hairpin = ports.length > 0,
}: Pick<AttachmentRequest, 'device' | 'position' | 'nonce' | 'network' | 'ports' | 'hairpin'> & {
  readonly lease: Pick<AddressLease, 'mac'>
}): NetlinkExchange {
  const index = hostIndexBase + nonce
  const { request, pidOffset } = createVeth({
    name: hostInterfaceName(nonce),
    index,
    master: device.index,
    up: !device.hostIpv6,
    mtu: device.mtu,
    peer: {
      name: interfaceName(position),
      index: firstInterfaceIndex + position,
      mac: parseMac(lease.mac),
    },
  })
  // Where bridged packets pass the firewall (br_netfilter), a container that asks for its own
  // published port is answered by the bridge port it sent from.
  const requests = hairpin ? [request, allowHairpin(index)] : [request]
  // A port of a bridge needs no address. With one, each start waits while the kernel walks the IPv6 routes of all other ports.
  if (device.hostIpv6)
    requests.push(setLink({ index, noLinkLocal: true }), setLink({ index, up: true }))
  return {
    family: 'route',
    message: encodeRouteChanges(requests),
    acks: requests.length,
    pidOffset,
    why: `make a pair of interfaces: one on bridge ${network.bridge}, ${interfaceName(position)} in the container`,
    source: 'veth(4)',
  }
}

/**
 * A TCP connection that is still saying good-bye keeps the namespace alive, and its interface would
 * go on answering for an address that is given to the next container.
 */
function closeExchange({ nonce, position, network }: AttachmentRequest): NetlinkExchange {
  return {
    family: 'route',
    message: encodeRouteChanges([closePort(hostIndexBase + nonce)]),
    acks: 1,
    // Gone, down, taken off the bridge, or under a spanning tree that decides itself.
    tolerate: ['ENODEV', 'ENETDOWN', 'EINVAL', 'EOPNOTSUPP', 'EBUSY'],
    why: `cut ${interfaceName(position)} off bridge ${network.bridge}; it goes with its namespace`,
    source: 'rtnetlink(7)',
  }
}

function insideExchange(request: AttachmentRequest): NetlinkExchange {
  const { lease, position, device, defaultRoute, namespace } = request
  const index = firstInterfaceIndex + position
  const withIpv6 = device.ipv6 && lease.ipv6 !== undefined
  const requests: RouteRequest[] = []
  if (namespace !== undefined) requests.push(setLink({ index, mac: parseMac(lease.mac) }))
  if (namespace?.isUp !== true) {
    requests.push(setLink({ index: loopbackIndex, up: true }))
    // Before it goes up, or the link-local address is there already.
    if (device.hostIpv6 && !withIpv6) requests.push(setLink({ index, noLinkLocal: true }))
    requests.push(setLink({ index, up: true }))
  }
  const wayOut = defaultRoute ? wayOutOf(request.network) : 'none'
  if (lease.ipv4) requests.push(...addressRequests(index, lease.ipv4, wayOut))
  if (withIpv6 && lease.ipv6) requests.push(...addressRequests(index, lease.ipv6, wayOut))
  requests.push(...furtherRoutes(request, index))
  return {
    family: 'route',
    message: encodeRouteChanges(requests),
    acks: requests.length,
    why: `start lo and ${interfaceName(position)}, give it ${(lease.ipv4 ?? lease.ipv6)?.address}${defaultRoute ? ' and the default route' : ''}`,
    source: 'rtnetlink(7)',
  }
}

/** `network create --route`, of the families that the container has. */
function furtherRoutes(
  { network, lease, device }: AttachmentRequest,
  index: number,
): RouteRequest[] {
  return (network.routes ?? []).flatMap(({ destination, gateway }) => {
    const isMissing = gateway.includes(':') ? !(device.ipv6 && lease.ipv6) : !lease.ipv4
    if (isMissing) return []
    const { address, prefixLength } = parseSubnet(destination)
    const by = requireAddress(gateway, 'a gateway')
    return [
      replaceRoute({
        destination: address,
        prefixLength,
        gateway: by,
        outgoing: index,
        protocol: RTPROT_STATIC,
      }),
    ]
  })
}

/** As an administrator's, linux/rtnetlink.h. */
const RTPROT_STATIC = 4

type WayOut = 'none' | 'gateway' | 'interface'

/** In the modes of ipvlan that route, the host does so for whatever comes: there are no neighbours to be a gateway. */
export function wayOutOf(network: Network): Exclude<WayOut, 'none'> {
  const isRouted = driverOf(network) === 'ipvlan' && network.mode !== 'l2'
  return isRouted ? 'interface' : 'gateway'
}

function addressRequests(index: number, leased: LeasedAddress, wayOut: WayOut): RouteRequest[] {
  const address = requireAddress(leased.address, 'a leased address')
  const give = addAddress({ index, address, prefixLength: leased.prefixLength })
  if (wayOut === 'none') return [give]
  if (wayOut === 'interface')
    return [give, addDeviceRoute(address.length === 4 ? 'ipv4' : 'ipv6', index)]
  // An address without a range has no neighbours: everything goes by way of the gateway.
  const isAlone = leased.prefixLength === address.length * 8
  return [give, addDefaultRoute(requireAddress(leased.gateway, 'a gateway'), index, isAlone)]
}

// One datagram has to fit the send buffer of a netlink socket as it comes, some 200 KB.
const publishedAtOnce = 1024
// An element that somebody else has deleted keeps the rest of its batch in place.
const withdrawnAtOnce = 16

function publishExchanges(table: string, ports: readonly PortBinding[]): NetlinkExchange[] {
  return chunks(ports, publishedAtOnce).map((some) => {
    const changes = portMaps.flatMap((map) => addElements(table, map, elementsIn(map, some)))
    return portExchange('publish', some, changes)
  })
}

/** One change to an exchange: then an error is one answer, as success is, and can be tolerated. */
function withdrawExchanges(table: string, ports: readonly PortBinding[]): NetlinkExchange[] {
  return portMaps.flatMap((map) =>
    chunks(
      ports.filter((port) => portElement(port).map === map),
      withdrawnAtOnce,
    ).map((some) => {
      // A key is enough, and deletes the element whatever it leads to.
      const keys = elementsIn(map, some).map(({ key }) => ({ key }))
      const exchange = portExchange('withdraw', some, deleteElements(table, map, keys))
      return { ...exchange, tolerate: ['ENOENT'] }
    }),
  )
}

function elementsIn(map: PortMap, ports: readonly PortBinding[]): SetElement[] {
  return ports
    .map(portElement)
    .filter((placed) => placed.map === map)
    .map(({ element }) => element)
}

function chunks<Item>(items: readonly Item[], size: number): (readonly Item[])[] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size))
}

function portExchange(
  action: 'publish' | 'withdraw',
  ports: readonly PortBinding[],
  changes: readonly TableChange[],
): NetlinkExchange {
  return {
    family: 'netfilter',
    message: encodeBatch(changes),
    acks: 1,
    why: `${action} ${showPorts(ports)}`,
    source: 'nft(8), map elements',
  }
}
