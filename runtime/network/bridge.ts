import { OperationError } from '../../native/error.ts'
import { openNetlinkSocket, requireAck } from '../../native/netlink-socket.ts'
import type { NetlinkSocket } from '../../native/netlink-socket.ts'
import { ensureFirewall, removeFromFirewall } from './firewall.ts'
import { findForwardBlockers } from './foreign-firewall.ts'
import { defaultRouteMtu, findLink, hostHasIpv6, listAddresses } from './host-network.ts'
import { requireAddress } from './ip-address.ts'
import { hasErrno } from './kernel-verdict.ts'
import { driverOf, firewallTableName, linkAlias, poolsOf } from './network.ts'
import type { AddressPool, Network, NetworkFolders } from './network.ts'
import { listNetworks } from './network-store.ts'
import { lookAtParent } from './parent-interface.ts'
import { addAddress, formatLinkAddress } from './rtnetlink/address.ts'
import { allowHairpin, createBridge, deleteLink, setLink } from './rtnetlink/link.ts'
import type { Link } from './rtnetlink/link.ts'
import { encodeRouteChanges } from './rtnetlink/request.ts'
import type { RouteRequest } from './rtnetlink/request.ts'
import { findStandingBridge, rememberBridge } from './standing-bridge.ts'
import { parseSubnet } from './subnet.ts'
import { ensureVlan, removeVlan } from './vlan-parent.ts'
import { ensureIpv6Forwarding, ensureSysctl } from './sysctl-file.ts'

/** A network as it stands in the kernel now. */
export interface NetworkDevice {
  /** Index of the bridge, or of the interface that containers share. */
  readonly index: number
  /** Whether it had to be made just now: containers that were on it have to be put back. */
  readonly isNew: boolean
  /** It was looked at some time ago and has to be again, once whatever needs it is under way. */
  readonly isStale?: boolean | undefined
  /** Bytes. */
  readonly mtu: number
  /** Whether the host has IPv6 at all. */
  readonly hostIpv6: boolean
  /** Whether containers of this network get IPv6 addresses. */
  readonly ipv6: boolean
  /** Hardware address of the interface that containers share, of macvlan and ipvlan. */
  readonly mac?: string | undefined
  /** What may keep packets from flowing although all of ours is in place. */
  readonly warnings: readonly string[]
}

/**
 * Make sure that a network works in this network namespace: bridge, addresses, forwarding, firewall; or that the interface
 * is there that its containers share.
 * Cheap where all is in place; puts back whatever is missing.
 *
 * @param mayBeStale that this process has looked at the same bridge at any time will do for now
 * @throws {OperationError} `UNSUPPORTED` where the kernel lacks bridges or nf_tables, `ALREADY_EXISTS`
 *   where the bridge's name belongs to somebody else, `SYSCALL_FAILED` for everything else
 */
export function ensureNetwork(
  folders: NetworkFolders,
  network: Network,
  mayBeStale = false,
): NetworkDevice {
  if (driverOf(network) !== 'bridge') {
    ensureVlan(network.parent ?? '', network.id)
    return lookAtParent(network)
  }
  const look = findStandingBridge(network)
  const device =
    look && (mayBeStale || !look.isStale)
      ? { ...look.bridge, isNew: false, isStale: look.isStale }
      : setUpBridge(network)
  const built = ensureFirewall(folders, network, () => listNetworks(folders))
  const warnings = built ? findForwardBlockers(firewallTableName(folders)) : []
  return { ...device, warnings }
}

/** The bridge, its address and what the kernel must allow; no firewall. */
export function setUpBridge(network: Network): Omit<NetworkDevice, 'warnings'> {
  const hostIpv6 = hostHasIpv6()
  const ipv6 = hostIpv6 && network.ipv6 !== undefined
  using socket = openNetlinkSocket('route')
  const { link, isNew } = ensureBridge(socket, network)
  for (const pool of poolsOf(network, 'ipv4')) ensureGateway(socket, link, pool, 'ipv4')
  if (ipv6) for (const pool of poolsOf(network, 'ipv6')) ensureGateway(socket, link, pool, 'ipv6')
  ensureSysctls(network, ipv6)
  const bridge = { index: link.index, mtu: link.mtu, hostIpv6, ipv6 }
  rememberBridge(network, bridge)
  return { ...bridge, isNew }
}

/**
 * What {@link ensureNetwork} would return, with nothing changed: for a start that is only shown.
 *
 * @returns index 0 where the bridge would have to be made first
 */
export function lookAtNetwork(network: Network): NetworkDevice {
  if (driverOf(network) !== 'bridge') return lookAtParent(network)
  const hostIpv6 = hostHasIpv6()
  using socket = openNetlinkSocket('route')
  const link = findLink(socket, network.bridge)
  return {
    index: link?.index ?? 0,
    isNew: false,
    mtu: link?.mtu ?? network.mtu ?? defaultRouteMtu(socket) ?? ethernetMtu,
    hostIpv6,
    ipv6: hostIpv6 && network.ipv6 !== undefined,
    warnings: [],
  }
}

const ethernetMtu = 1500

/** Take a network out of the kernel; fine where it is not in it. The caller knows that nothing uses it. */
export function removeNetwork(folders: NetworkFolders, network: Network): void {
  if (driverOf(network) !== 'bridge')
    return removeVlan(network.parent ?? '', network.id, listNetworks(folders))
  using socket = openNetlinkSocket('route')
  const link = findLink(socket, network.bridge)
  if (link?.alias === linkAlias(network.id))
    apply(socket, [deleteLink(link.index)], 'delete a bridge', network)
  removeFromFirewall(folders, network)
}

function apply(
  socket: NetlinkSocket,
  requests: readonly RouteRequest[],
  step: string,
  network: Network,
): void {
  for (const ack of socket.request(encodeRouteChanges(requests), requests.length))
    requireAck(ack, step, { network: network.name, bridge: network.bridge })
}

function ensureBridge(
  socket: NetlinkSocket,
  network: Network,
): { readonly link: Link; readonly isNew: boolean } {
  const present = findLink(socket, network.bridge)
  const link = present ?? makeBridge(socket, network)
  if (link.kind !== 'bridge' || (link.alias !== '' && link.alias !== linkAlias(network.id)))
    throw new OperationError(
      'ALREADY_EXISTS',
      'make a bridge',
      { network: network.name, bridge: network.bridge, kind: link.kind, alias: link.alias },
      { hint: `Remove the interface with "ip link delete ${network.bridge}" if nothing uses it` },
    )
  if (!link.up) apply(socket, [setLink({ index: link.index, up: true })], 'start a bridge', network)
  return { link, isNew: present === undefined }
}

/** Put interfaces of containers onto a bridge again, which was made anew; those that are gone are left out. */
export function reattachToBridge(
  names: readonly string[],
  { index }: Pick<NetworkDevice, 'index'>,
): void {
  using socket = openNetlinkSocket('route')
  for (const name of names) {
    const link = findLink(socket, name)
    if (!link || link.master !== 0) continue
    // With hairpin a container reaches its own published ports where bridged packets pass the firewall.
    const requests = [setLink({ index: link.index, master: index }), allowHairpin(link.index)]
    for (const ack of socket.request(encodeRouteChanges(requests), requests.length))
      requireAck(ack, 'put a container back onto its bridge', { interface: name })
  }
}

/** Delete an interface of this network namespace, a pair with both its ends; fine where it is gone. */
export function removeInterface(name: string): void {
  using socket = openNetlinkSocket('route')
  const link = findLink(socket, name)
  if (!link) return
  const [ack] = socket.request(encodeRouteChanges([deleteLink(link.index)]), 1)
  if (ack && ack.errno !== ENODEV) requireAck(ack, 'delete an interface', { interface: name })
}

function makeBridge(socket: NetlinkSocket, network: Network): Link {
  const [pool] = [...poolsOf(network, 'ipv4'), ...poolsOf(network, 'ipv6')]
  const gateway = requireAddress(pool?.gateway ?? '', 'a gateway')
  const create = createBridge({
    name: network.bridge,
    // A fixed address: else the bridge takes that of its lowest port, and neighbours lose it.
    mac: new Uint8Array([0x02, 0x42, ...gateway.slice(-4)]),
    mtu: network.mtu ?? defaultRouteMtu(socket),
  })
  const mark = setLink({ name: network.bridge, alias: linkAlias(network.id) })
  try {
    apply(socket, [create, mark], 'make a bridge', network)
  } catch (error) {
    if (hasErrno(error, 'EOPNOTSUPP'))
      throw new OperationError(
        'UNSUPPORTED',
        'make a bridge',
        { network: network.name },
        {
          cause: error,
          hint: 'Load the kernel module "bridge", or use "--network none" or "host"',
        },
      )
    // Another command made it in between.
    if (!hasErrno(error, 'EEXIST')) throw error
  }
  const made = findLink(socket, network.bridge)
  if (made) return made
  throw new OperationError('PROTOCOL', 'find the bridge just made', { bridge: network.bridge })
}

function ensureGateway(
  socket: NetlinkSocket,
  link: Link,
  pool: AddressPool,
  family: 'ipv4' | 'ipv6',
): void {
  const address = requireAddress(pool.gateway, 'a gateway')
  const wanted = { index: link.index, address, prefixLength: parseSubnet(pool.subnet).prefixLength }
  const text = formatLinkAddress(wanted)
  const present = listAddresses(socket, family).some(
    (one) => one.index === link.index && formatLinkAddress(one) === text,
  )
  if (present) return
  const [ack] = socket.request(encodeRouteChanges([addAddress(wanted)]), 1)
  if (ack?.errno === EEXIST) return
  if (ack) requireAck(ack, 'give a bridge its address', { bridge: link.name, address: text })
}

const EEXIST = 17
const ENODEV = 19

function ensureSysctls(network: Network, ipv6: boolean): void {
  const bridge = network.bridge
  if (ipv6) {
    ensureSysctl(`net/ipv6/conf/${bridge}/accept_ra`, '0')
    // Nobody else has a bridge's link-local address, and finding out makes it deaf for two seconds.
    ensureSysctl(`net/ipv6/conf/${bridge}/accept_dad`, '0')
  }
  if (network.internal) return
  ensureSysctl('net/ipv4/ip_forward', '1')
  // Lets the answers to 127.0.0.1:PORT come back; the "guard" chain keeps everything else out.
  ensureSysctl(`net/ipv4/conf/${bridge}/route_localnet`, '1')
  if (ipv6) ensureIpv6Forwarding()
}
