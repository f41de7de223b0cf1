import { OperationError } from '../../native/error.ts'
import { ensureNetwork } from '../network/bridge.ts'
import { endNameServer, ensureNameServer } from '../network/name-server.ts'
import { listNames, nameRecordsFolder } from '../network/network-files.ts'
import { hasNameServer } from '../network/network.ts'
import { changeNameServers, requireNetwork } from '../network/network-store.ts'
import type { EngineContext } from './engine-context.ts'
import { restoreAttachments } from './join-network.ts'
import { ourCommand } from './monitor-commands.ts'
import { readState } from './read-state.ts'
import { isNamedInHosts, refreshPeers } from './refresh-peers.ts'
import { resolveContainer } from './record-store.ts'

/**
 * Put back what is missing of a running container's networks: bridge, addresses, firewall, ports, name server.
 *
 * @returns the container's id
 * @throws {OperationError} `NOT_FOUND`, `BAD_STATE` where it does not run
 */
export async function reloadNetworks(context: EngineContext, container: string): Promise<string> {
  const { folders } = context
  const record = resolveContainer(folders, container)
  const { pid, status, network } = readState(folders, record)
  if (pid === 0)
    throw new OperationError(
      'BAD_STATE',
      `reload the networks of ${record.name}: it does not run`,
      { status },
      { hint: `Its start makes them: mycontainer start ${record.name}` },
    )
  for (const { network: name } of network?.attachments ?? []) {
    const one = requireNetwork(folders, name)
    const device = ensureNetwork(folders, one)
    if (device.isNew) restoreAttachments(context, one, device)
    await restoreNameServer(context, name)
    if (one.dns && isNamedInHosts(one)) refreshPeers(folders, name)
  }
  return record.id
}

/**
 * Change the servers that a network's own one asks; containers that run need not be started anew.
 *
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT` where nobody answers names in the network
 */
export async function updateNetwork(
  context: EngineContext,
  given: string,
  change: { readonly add: readonly string[]; readonly drop: readonly string[] },
): Promise<void> {
  const network = changeNameServers(context.folders, given, change)
  endNameServer(context.folders, network.name)
  await restoreNameServer(context, network.name)
}

async function restoreNameServer(context: EngineContext, name: string): Promise<void> {
  const { folders } = context
  const network = requireNetwork(folders, name)
  if (!hasNameServer(network) || listNames(nameRecordsFolder(folders, name)).length === 0) return
  await ensureNameServer(folders, network, ourCommand(context, 'names', name))
}
