import { errnoName } from '../../native/errno.ts'
import { OperationError } from '../../native/error.ts'
import { openNetlinkSocket } from '../../native/netlink-socket.ts'
import { randomBelow } from '../../native/random.ts'
import type { NetworkDevice } from './bridge.ts'
import { defaultRouteLink, findLink, hostHasIpv6 } from './host-network.ts'
import type { Network } from './network.ts'
import { createChildLink } from './rtnetlink/child-link.ts'
import { deleteLink } from './rtnetlink/link.ts'
import { encodeRouteChanges } from './rtnetlink/request.ts'

// Networks whose containers share an interface of the host: macvlan and ipvlan.

/**
 * The interface that containers of a new network share: the one that was named, or that of the host's default route.
 *
 * @throws {OperationError} `NOT_FOUND`
 */
export function chooseParent(wanted: string | undefined): string {
  using socket = openNetlinkSocket('route')
  const link = wanted === undefined ? defaultRouteLink(socket) : findLink(socket, wanted)
  if (link) return link.name
  throw noParent(wanted)
}

/**
 * Make one child of an interface and take it away again: what the kernel does not have, or not on this interface, is told
 * when the network is made.
 *
 * @throws {OperationError} `UNSUPPORTED`, `INVALID_ARGUMENT`
 */
export function requireChildren({ driver, parent = '', mode = '' }: SharedNetwork): void {
  using socket = openNetlinkSocket('route')
  const link = findLink(socket, parent)
  if (!link) throw noParent(parent)
  const name = `mct${randomBelow(2 ** 30).toString(36)}`
  const child = { kind: driver, mode, parent: link.index, name, index: 0, mtu: link.mtu }
  const { request, pidOffset } = createChildLink(child)
  const message = encodeRouteChanges([request])
  new DataView(message.buffer, message.byteOffset).setUint32(pidOffset, process.pid, true)
  const [ack] = socket.request(message, 1)
  const errno = ack && ack.errno !== 0 ? errnoName(ack.errno) : undefined
  const made = findLink(socket, name)
  if (made) socket.request(encodeRouteChanges([deleteLink(made.index)]), 1)
  if (errno === undefined) return
  const isMissing = errno === 'ENOTSUP'
  throw new OperationError(
    isMissing ? 'UNSUPPORTED' : 'INVALID_ARGUMENT',
    `make a ${driver} interface of ${parent}`,
    { mode, errno },
    {
      hint: isMissing
        ? `The kernel has no ${driver}: load its module with "modprobe ${driver}", or use --driver bridge`
        : `Another interface may do, or none that is a bridge, a port of one, or has children of the other kind: see "ip -d link show ${parent}"`,
      exitCode: 1,
    },
  )
}

/** What a network of that kind is made from. */
interface SharedNetwork {
  readonly driver: 'macvlan' | 'ipvlan'
  readonly parent?: string | undefined
  readonly mode?: string | undefined
}

function noParent(parent: string | undefined): OperationError {
  return new OperationError(
    'NOT_FOUND',
    `find the interface ${parent ?? 'of the default route'} for containers to share`,
    {},
    { hint: 'Name one that "ip link" shows: -o parent=INTERFACE', exitCode: 1 },
  )
}

/**
 * The parent as containers need it. Nothing has to be made: their interfaces are children of it, and end with them.
 *
 * @throws {OperationError} `NOT_FOUND` where it is gone
 */
export function lookAtParent(network: Network): NetworkDevice {
  const hostIpv6 = hostHasIpv6()
  using socket = openNetlinkSocket('route')
  const link = findLink(socket, network.parent ?? '')
  if (!link) throw noParent(network.parent)
  return {
    index: link.index,
    isNew: false,
    mtu: network.mtu ?? link.mtu,
    hostIpv6,
    ipv6: hostIpv6 && network.ipv6 !== undefined,
    mac: Array.from(link.mac, (byte) => byte.toString(16).padStart(2, '0')).join(':'),
    warnings: link.up ? [] : [`the interface ${link.name} is down: its containers reach nobody`],
  }
}
