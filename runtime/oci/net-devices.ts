import { OperationError } from '../../native/error.ts'
import { type NetlinkSocket, openNetlinkSocket } from '../../native/netlink-socket.ts'
import { randomBelow } from '../../native/random.ts'
import { findLink } from '../network/host-network.ts'
import type { NetlinkExchange } from '../network/netlink-exchange.ts'
import { dumpAddresses } from '../network/rtnetlink/address.ts'
import { getLink, setLink } from '../network/rtnetlink/link.ts'
import {
  type LastingAddress,
  addLastingAddress,
  decodeLastingAddress,
  moveLink,
} from '../network/rtnetlink/moved-link.ts'
import { encodeRouteChanges, encodeRouteRequest } from '../network/rtnetlink/request.ts'
import type { MovedDevice } from '../program/net-devices.ts'
import type { Config } from '../spec/config.ts'

// Numbers over there, above what others give.
const [firstIndex, lastIndex] = [0x2000_0000, 0x3fff_ff00]

/**
 * The network devices of this host that a container is to get, with their addresses.
 *
 * @throws {OperationError} `NOT_FOUND` for one that is not there
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#network-devices
 */
export function planNetDevices({ linux }: Config): readonly MovedDevice[] | undefined {
  const devices = Object.entries(linux?.netDevices ?? {})
  if (devices.length === 0) return undefined
  using socket = openNetlinkSocket('route')
  const addresses = listLasting(socket)
  const first = firstIndex + randomBelow(lastIndex - firstIndex)
  return devices.map(([name, { name: wanted }], position) =>
    planDevice(socket, { name, inside: wanted || name, newIndex: first + position, addresses }),
  )
}

interface DeviceWish {
  readonly name: string
  readonly inside: string
  readonly newIndex: number
  readonly addresses: readonly LastingAddress[]
}

function planDevice(socket: NetlinkSocket, wish: DeviceWish): MovedDevice {
  const { name, inside, newIndex, addresses } = wish
  const link = findLink(socket, name)
  if (link === undefined)
    throw new OperationError(
      'NOT_FOUND',
      'move a network device into the container: it is not on this host',
      { device: name },
      { hint: 'See "ip link", or leave it out of linux.netDevices' },
    )
  const { index } = link
  const own = addresses.filter((address) => address.index === index)
  return {
    name,
    inside,
    move: moveLink({ index, newIndex, name: inside }),
    back: moveLink({ index: newIndex, newIndex: index, name }),
    look: inside.includes('%d') ? undefined : encodeRouteRequest(getLink(inside), 1),
    setUp: setUp(own, newIndex, true),
    restore: setUp(own, index, link.up),
  }
}

function listLasting(socket: NetlinkSocket): LastingAddress[] {
  return (['ipv4', 'ipv6'] as const).flatMap((family) =>
    socket
      .read(encodeRouteRequest(dumpAddresses(family), 1))
      .flatMap(({ body }) => decodeLastingAddress(body) ?? []),
  )
}

/** Its addresses, which the kernel drops when it changes its namespace, and whether it is up. */
function setUp(addresses: readonly LastingAddress[], index: number, up: boolean): NetlinkExchange {
  const changes = [
    ...addresses.map((address) => addLastingAddress(address, index)),
    setLink({ index, up }),
  ]
  return {
    family: 'route',
    message: encodeRouteChanges(changes),
    acks: changes.length,
    // An IPv6 address that the kernel was told to keep.
    tolerate: ['EEXIST'],
    why: 'its addresses stay with it, and it carries packets',
    source: 'rtnetlink(7)',
  }
}
