import { OperationError } from '../../native/error.ts'
import { openNetlinkSocket, requireAck } from '../../native/netlink-socket.ts'
import type { NetlinkSocket } from '../../native/netlink-socket.ts'
import { findLink } from './host-network.ts'
import { hasErrno } from './kernel-verdict.ts'
import { linkAlias } from './network.ts'
import type { Network } from './network.ts'
import { deleteLink, setLink } from './rtnetlink/link.ts'
import { encodeRouteChanges } from './rtnetlink/request.ts'
import { createVlan } from './rtnetlink/vlan.ts'

// `-o parent=eth0.50`: the VLAN 50 of eth0. Where it is not there it is made for the network, and goes with it; one that
// somebody else has made stays theirs.

/** What an interface's name says of a VLAN; undefined where it is no such name. */
function vlanOf(name: string): { readonly parent: string; readonly id: number } | undefined {
  const [, parent, digits] = /^(.+)\.([1-9]\d{0,3})$/.exec(name) ?? []
  const id = Number(digits)
  return parent !== undefined && id <= 4094 ? { parent, id } : undefined
}

/**
 * Make the VLAN that a network's parent names, where it is missing; nothing for any other name.
 *
 * @param id of the network
 * @returns whether it was made just now
 * @throws {OperationError} `NOT_FOUND` where the interface is not there that it would be of, `UNSUPPORTED` without 802.1Q
 */
export function ensureVlan(name: string, id: string): boolean {
  const vlan = vlanOf(name)
  if (!vlan) return false
  using socket = openNetlinkSocket('route')
  if (findLink(socket, name)) return false
  const link = findLink(socket, vlan.parent)
  if (!link)
    throw new OperationError(
      'NOT_FOUND',
      `make the VLAN ${name}: there is no interface ${vlan.parent}`,
      {},
      { hint: 'Name one that "ip link" shows: -o parent=INTERFACE.VLAN', exitCode: 1 },
    )
  const requests = [
    createVlan({ name, parent: link.index, id: vlan.id }),
    setLink({ name, alias: linkAlias(id) }),
    setLink({ name, up: true }),
  ]
  try {
    // One after the other: what is not there yet cannot be changed.
    for (const request of requests) {
      const [ack] = socket.request(encodeRouteChanges([request]), 1)
      if (ack) requireAck(ack, 'make a VLAN', { interface: name })
    }
  } catch (error) {
    if (!hasErrno(error, 'EOPNOTSUPP')) throw error
    throw new OperationError(
      'UNSUPPORTED',
      'make a VLAN',
      { interface: name },
      { cause: error, hint: 'Load the kernel module: modprobe 8021q', exitCode: 1 },
    )
  }
  return true
}

/** Take away the VLAN that was made for a network, or leave it to another network that shares it. */
export function removeVlan(name: string, id: string, others: readonly Network[]): void {
  if (!vlanOf(name)) return
  using socket = openNetlinkSocket('route')
  const link = findLink(socket, name)
  if (link?.alias !== linkAlias(id)) return
  const heir = others.find((one) => one.parent === name && one.id !== id)
  if (heir) change(socket, setLink({ name, alias: linkAlias(heir.id) }), name)
  else change(socket, deleteLink(link.index), name)
}

function change(socket: NetlinkSocket, request: ReturnType<typeof setLink>, name: string): void {
  const [ack] = socket.request(encodeRouteChanges([request]), 1)
  if (ack) requireAck(ack, 'give up a VLAN', { interface: name })
}
