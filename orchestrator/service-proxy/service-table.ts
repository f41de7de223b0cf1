import { decodeElements, dumpElements } from '../../runtime/network/nftables/dump.ts'
import { addElements, deleteElements } from '../../runtime/network/nftables/set.ts'
import { baseChains, sharedSets } from './base-table.ts'
import type { BaseTableOptions } from './base-table.ts'
import {
  changeTable,
  openFirewall,
  openKernelTable,
  removeKernelTable,
  tolerateMissing,
} from './kernel-table.ts'
import type { KernelTable } from './kernel-table.ts'
import { addressKey } from './packet.ts'

export interface ServiceTableOptions extends BaseTableOptions {
  readonly table: string
  /** Where node ports answer; absent: at every address of this node. */
  readonly nodeAddresses?: readonly string[] | undefined
}

/** The proxy's table in the kernel, in the network namespace of this process. */
export interface ServiceTable extends KernelTable {
  /** Forget clients of a sticky service that are remembered for backends that it has no more. */
  forgetClients(map: string, backends: ReadonlySet<string>): void
}

export function openServiceTable(options: ServiceTableOptions): ServiceTable {
  const { table, nodeAddresses } = options
  const all = openKernelTable({
    table,
    sets: sharedSets,
    chains: baseChains(options, nodeAddresses !== undefined),
    elements: addElements(
      table,
      'node-addresses',
      [...new Set(nodeAddresses)].map((address) => ({ key: addressKey(address) })),
    ),
  })
  return {
    ...all,
    forgetClients: (map, backends) => {
      using socket = openFirewall()
      const stale = socket
        .read(dumpElements(table, map))
        .flatMap(decodeElements)
        .filter(({ data }) => data && !backends.has(Buffer.from(data).toString('hex')))
      // One by one: its time may be over by now.
      for (const { key } of stale)
        tolerateMissing(() => changeTable(socket, table, deleteElements(table, map, [{ key }])))
    },
  }
}

/** Take the table away; fine where there is none. Connections that stand go on. */
export function removeServiceTable(table: string): void {
  removeKernelTable(table)
}
