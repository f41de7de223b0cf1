import { firstInterfaceIndex, interfaceName, loopbackIndex, vethExchange } from './attachment.ts'
import type { NetworkDevice } from './bridge.ts'
import type { NetlinkExchange } from './netlink-exchange.ts'
import type { Network } from './network.ts'
import { setLink } from './rtnetlink/link.ts'
import { encodeRouteChanges } from './rtnetlink/request.ts'

/** What makes a network namespace ready for a container that is yet to come. */
export interface AheadPlan {
  /** In the host's network namespace. */
  readonly outside: NetlinkExchange
  /** In the new one, so that its interfaces are up. Empty where they cannot be yet. */
  readonly inside: readonly NetlinkExchange[]
}

/** The interface of a container that is yet to come: what it is called and on which bridge is known, its address is not. */
export function planAhead(network: Network, device: NetworkDevice, nonce: number): AheadPlan {
  const unknown = { mac: '02:00:00:00:00:00' }
  const outside = vethExchange({ device, lease: unknown, position: 0, nonce, network, ports: [] })
  // With IPv6 the kernel would make a link-local address of the hardware address, which all of them have so far.
  const inside = device.ipv6 && network.ipv6 ? [] : [upExchange(device)]
  return { outside, inside }
}

function upExchange({ hostIpv6 }: NetworkDevice): NetlinkExchange {
  const index = firstInterfaceIndex
  const requests = [
    setLink({ index: loopbackIndex, up: true }),
    ...(hostIpv6 ? [setLink({ index, noLinkLocal: true })] : []),
    setLink({ index, up: true }),
  ]
  return {
    family: 'route',
    message: encodeRouteChanges(requests),
    acks: requests.length,
    why: `start lo and ${interfaceName(0)}: the more ports the bridge has, the longer it takes`,
    source: 'rtnetlink(7)',
  }
}
