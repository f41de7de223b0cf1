import { concatBytes } from '../../native/netlink-attribute.ts'
import type { SetName } from './firewall-table.ts'
import { driverOf, poolsOf } from './network.ts'
import type { Network } from './network.ts'
import type { TableChange } from './nftables/message.ts'
import { addElements, deleteElements } from './nftables/set.ts'
import type { SetElement } from './nftables/set.ts'
import { endOfSubnet, parseSubnet } from './subnet.ts'

// What one network has in the sets of the firewall. Pure.

export interface PlacedElement {
  readonly set: SetName
  readonly element: SetElement
}

/** Bytes of an interface name as the kernel compares them. */
function interfaceKey(name: string): Uint8Array {
  const bytes = new Uint8Array(16)
  bytes.set(Buffer.from(name))
  return bytes
}

function range(text: string): SetElement {
  const subnet = parseSubnet(text)
  return { key: subnet.address, end: endOfSubnet(subnet) }
}

function placedRange(set: 'subnets4' | 'subnets6', subnet: string): PlacedElement {
  return { set, element: range(subnet) }
}

/** Elements that let a network's containers out, or (internal) keep them in. */
export function networkElements(network: Network): PlacedElement[] {
  if (driverOf(network) !== 'bridge') return []
  const bridge = interfaceKey(network.bridge)
  const within: PlacedElement = { set: 'intra', element: { key: concatBytes([bridge, bridge]) } }
  if (network.internal) return [within, { set: 'internal', element: { key: bridge } }]
  return [
    within,
    { set: 'bridges', element: { key: bridge } },
    ...poolsOf(network, 'ipv4').map(({ subnet }) => placedRange('subnets4', subnet)),
    ...poolsOf(network, 'ipv6').map(({ subnet }) => placedRange('subnets6', subnet)),
  ]
}

/** Changes that add elements; those that are there already are fine. */
export function addPlaced(table: string, placed: readonly PlacedElement[]): TableChange[] {
  return placed.flatMap(({ set, element }) => addElements(table, set, [element]))
}

/** Changes that delete elements; one that is missing fails the batch. */
export function deletePlaced(table: string, placed: readonly PlacedElement[]): TableChange[] {
  return placed.flatMap(({ set, element }) => deleteElements(table, set, [element]))
}
