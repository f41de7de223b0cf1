import { rmSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { removeNetwork } from './bridge.ts'
import { leaseHolders } from './lease.ts'
import { defaultNetworkName } from './network.ts'
import type { Network, NetworkFolders } from './network.ts'
import { endNameServer } from './name-server.ts'
import { networkRunFolder } from './network-files.ts'
import { deleteNetworkRecord, requireNetwork } from './network-store.ts'

/**
 * Remove a network that a user made: bridge, firewall elements, files.
 *
 * @param isHolding as of leaseAddress
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT` for the default network, `BAD_STATE` where
 *   containers use it
 */
export function destroyNetwork(
  folders: NetworkFolders,
  given: string,
  isHolding: (containerId: string, path: string) => boolean,
): Network {
  const network = requireNetwork(folders, given)
  if (network.name === defaultNetworkName)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'remove a network',
      { network: network.name },
      { hint: 'The default network stays; it costs nothing while it is not used' },
    )
  const holders = [...leaseHolders(folders, network.name, isHolding)]
  if (holders.length > 0)
    throw new OperationError(
      'BAD_STATE',
      'remove a network',
      { network: network.name, containers: holders.map((id) => id.slice(0, 12)).join(',') },
      { hint: 'Stop or remove the containers that use it first' },
    )
  endNameServer(folders, network.name)
  removeNetwork(folders, network)
  deleteNetworkRecord(folders, network.name)
  rmSync(networkRunFolder(folders, network.name), { recursive: true, force: true })
  return network
}
