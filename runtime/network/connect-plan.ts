import { type AttachmentRequest, firstInterfaceIndex, planAttachment } from './attachment.ts'
import { requireAddress } from './ip-address.ts'
import type { NetlinkExchange } from './netlink-exchange.ts'
import { deleteLink } from './rtnetlink/link.ts'
import { encodeRouteChanges } from './rtnetlink/request.ts'
import { addDefaultRoute, addDeviceRoute } from './rtnetlink/route.ts'

// A running container that comes into a network or leaves one, as messages. Pure.

/** The pair of interfaces, and the set-up of the container's end. */
export function planConnection(
  request: Omit<AttachmentRequest, 'ports' | 'portLeases'>,
): Pick<ReturnType<typeof planAttachment>, 'host' | 'inside'> {
  const { host, inside } = planAttachment({ ...request, ports: [], portLeases: [] })
  return { host, inside }
}

/** Index of an interface in its container, from its name: `eth1`. */
function indexOf(interfaceName: string): number {
  return firstInterfaceIndex + positionOf(interfaceName)
}

export function positionOf(interfaceName: string): number {
  return Number(/\d+$/.exec(interfaceName)?.[0] ?? 0)
}

/** The first number that none of these interfaces has. */
export function freePosition(interfaceNames: readonly string[]): number {
  const taken = new Set(interfaceNames.map(positionOf))
  return Array.from({ length: taken.size + 1 }, (_, index) => index).find(
    (index) => !taken.has(index),
  ) as number
}

/** Take an interface away from inside its namespace; its other end, where it has one, goes along. */
export function planRemoval(interfaceName: string): NetlinkExchange {
  return {
    family: 'route',
    message: encodeRouteChanges([deleteLink(indexOf(interfaceName))]),
    acks: 1,
    tolerate: ['ENODEV'],
    why: `take ${interfaceName} away, with its addresses and routes`,
    source: 'rtnetlink(7)',
  }
}

/** Where everything goes that has no closer route. */
export interface DefaultRoute {
  readonly interfaceName: string
  /** One of each family that the interface has; without an address, whoever answers there is the gateway. */
  readonly gateways: readonly {
    readonly family: 'ipv4' | 'ipv6'
    readonly address?: string | undefined
  }[]
}

/** Have the default route lead out by an interface, unless there is another already. */
export function planDefaultRoute({ interfaceName, gateways }: DefaultRoute): NetlinkExchange {
  const index = indexOf(interfaceName)
  return {
    family: 'route',
    message: encodeRouteChanges(
      gateways.map(({ family, address }) =>
        address === undefined
          ? addDeviceRoute(family, index)
          : addDefaultRoute(requireAddress(address, 'a gateway'), index),
      ),
    ),
    acks: gateways.length,
    tolerate: ['EEXIST'],
    why: `the way out leads by ${interfaceName} from now on`,
    source: 'rtnetlink(7)',
  }
}
