import { openNetlinkSocket, requireAck } from '../../native/netlink-socket.ts'
import { findLink, listAddresses } from '../../runtime/network/host-network.ts'
import { formatAddress, requireAddress } from '../../runtime/network/ip-address.ts'
import { addAddress, deleteAddress } from '../../runtime/network/rtnetlink/address.ts'
import type { LinkAddress } from '../../runtime/network/rtnetlink/address.ts'
import { setLink } from '../../runtime/network/rtnetlink/link.ts'
import { encodeRouteChanges } from '../../runtime/network/rtnetlink/request.ts'
import type { RouteRequest } from '../../runtime/network/rtnetlink/request.ts'

// An address of a service that this node answers itself. It is one of the loopback interface's: what pods send there is for
// this node, and no other machine is told of it.

/** Give the loopback interface an address; fine where it has it. */
export function addOwnAddress(text: string): void {
  change(text, true)
}

/** Take it away; fine where it is gone. */
export function removeOwnAddress(text: string): void {
  change(text, false)
}

function change(text: string, isWanted: boolean): void {
  using socket = openNetlinkSocket('route')
  const index = findLink(socket, 'lo')?.index ?? 1
  const address = requireAddress(text, 'the address of a service')
  const isThere = listAddresses(socket, 'ipv4').some(
    (one) => one.index === index && formatAddress(one.address) === formatAddress(address),
  )
  if (isThere === isWanted) return
  const own: LinkAddress = { index, address, prefixLength: address.length * 8 }
  const requests: RouteRequest[] = isWanted
    ? [setLink({ index, up: true }), addAddress(own)]
    : [deleteAddress(own)]
  for (const ack of socket.request(encodeRouteChanges(requests), requests.length))
    requireAck(ack, `${isWanted ? 'give' : 'take from'} the node the address of a service`, {
      address: text,
    })
}
