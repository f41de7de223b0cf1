import { openNetlinkSocket, requireAck } from '../../native/netlink-socket.ts'
import { hasErrno } from '../../runtime/network/kernel-verdict.ts'
import { masquerade } from '../../runtime/network/nftables/expression.ts'
import {
  addChain,
  addRule,
  addTable,
  deleteTable,
  encodeBatch,
} from '../../runtime/network/nftables/message.ts'
import type { TableChange } from '../../runtime/network/nftables/message.ts'
import { ensureSysctl } from '../../runtime/network/sysctl-file.ts'
import { isIpv4, range } from '../service-proxy/packet.ts'

// How nodes of a local cluster, and their pods, whose packets the node sends as its own, reach what is outside of the
// cluster: the host sends on, under its own address, what they send to others than each other. One nftables table a segment.

export interface Segment {
  readonly bridge: string
  /** Of the nodes' addresses, like `10.213.0.0/24`. */
  readonly subnet: string
}

/**
 * Let a segment out. Forwarding stays on when the cluster goes: others may count on it by then, as after docker and podman.
 *
 * @throws {OperationError} where the kernel has no nf_tables with NAT, or forwarding cannot be switched on
 */
export function openSegmentExit({ bridge, subnet }: Segment): void {
  const table = tableOf(bridge)
  ensureSysctl('net/ipv4/ip_forward', '1')
  change(bridge, [
    addTable(table),
    deleteTable(table),
    addTable(table),
    addChain(table, 'postrouting', { kind: 'nat', hook: 'postrouting', priority: 100 }),
    addRule(
      table,
      'postrouting',
      [...isIpv4, ...range('source', subnet), ...range('destination', subnet, false), masquerade()],
      'nodes and their pods to the world',
    ),
  ])
}

/** Take the rules of a segment away; fine where there are none. */
export function closeSegmentExit({ bridge }: Pick<Segment, 'bridge'>): void {
  try {
    change(bridge, [deleteTable(tableOf(bridge))])
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
}

function tableOf(bridge: string): string {
  return `myorch-${bridge}`
}

function change(bridge: string, changes: readonly TableChange[]): void {
  using socket = openNetlinkSocket('netfilter')
  for (const ack of socket.request(encodeBatch(changes), 1))
    requireAck(ack, 'let the nodes of a cluster out', {
      bridge,
      change: changes[ack.sequence - 1]?.type ?? 'batch',
    })
}
