import type { KubeObject } from '../api/object.ts'
import { listAt, textAt } from '../api/object.ts'
import { contains, parseSubnet } from '../../runtime/network/subnet.ts'
import type { Subnet } from '../../runtime/network/subnet.ts'
import { parseAddress } from '../../runtime/network/ip-address.ts'

// By which way pods of other nodes are reached. Pure.

/** `direct` only where a node is a neighbour, `vxlan` always; `auto` chooses for each node. */
export type RouteMode = 'auto' | 'direct' | 'vxlan'

/** One node as others see it. */
export interface NodeOfNetwork {
  readonly name: string
  /** IPv4, by which other nodes reach it. */
  readonly address: string
  /** Its range of pod addresses. */
  readonly podCidr: string
}

export interface PlannedRoute extends NodeOfNetwork {
  readonly via: 'neighbour' | 'tunnel'
}

/** @returns undefined for a node that has no addresses yet */
export function readNode(node: KubeObject): NodeOfNetwork | undefined {
  const podCidr = textAt(node, ['spec', 'podCIDR'])
  const addresses = listAt(node, ['status', 'addresses'])
  const isInternal = (one: unknown): boolean =>
    textAt(one, ['type']) === 'InternalIP' && isIpv4(textAt(one, ['address']))
  const address = textAt(addresses.find(isInternal), ['address'])
  if (!podCidr || podCidr.includes(':') || address === undefined) return undefined
  return { name: node.metadata.name ?? '', address, podCidr }
}

function isIpv4(text: string | undefined): boolean {
  return text !== undefined && parseAddress(text)?.length === 4
}

/**
 * The ways from one node to the pods of all others. A node whose address is this one's has none: its pods are here.
 *
 * A neighbour is on a segment that has both addresses: then each of the two sees the other as one. A machine that is on a second segment
 * as well would else answer straight what comes to it through a tunnel that it does not have.
 *
 * @param own the node that they are for
 * @param segments ranges that are on an interface of this node
 */
export function planRoutes(
  own: Pick<NodeOfNetwork, 'name' | 'address'>,
  nodes: readonly NodeOfNetwork[],
  segments: readonly Subnet[],
  mode: RouteMode = 'auto',
): PlannedRoute[] {
  const holds = (segment: Subnet, text: string): boolean => {
    const address = parseAddress(text)
    return address !== undefined && contains(segment, address)
  }
  const shared = segments.filter((segment) => holds(segment, own.address))
  return nodes
    .filter(({ name, address }) => name !== own.name && address !== own.address)
    .flatMap((node): PlannedRoute[] => {
      const isNear = shared.some((segment) => holds(segment, node.address))
      if (isNear && mode !== 'vxlan') return [{ ...node, via: 'neighbour' }]
      return mode === 'direct' ? [] : [{ ...node, via: 'tunnel' }]
    })
}

/** The address of a node's end of the tunnel: the first of its range, which no pod gets. */
export function tunnelAddress(podCidr: string): Uint8Array {
  return parseSubnet(podCidr).address
}

/** Follows from the address, so that no node has to be asked for it. */
export function tunnelMac(address: Uint8Array): Uint8Array {
  return new Uint8Array([0x0e, 0x58, ...address])
}
