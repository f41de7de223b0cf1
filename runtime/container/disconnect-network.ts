import { OperationError } from '../../native/error.ts'
import type { Network } from '../network/network.ts'
import { requireNetwork } from '../network/network-store.ts'
import { withContainerLock } from './container-lock.ts'
import type { EngineContext } from './engine-context.ts'
import { publishNetworkEvent } from './network-events.ts'
import { isNamed, requireNoMode, requireOwnNetworks, withoutNetwork } from './network-membership.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { resolveContainer, rewriteRecord } from './record-store.ts'
import { removeUnnamed } from './remove-attachment.ts'

/**
 * Take a container out of a network: at once where it runs. It keeps its other networks, and its published ports lead
 * to the first of them.
 *
 * @param force a container that is not in the network is none of the caller's worries
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT`; nothing is changed then
 */
export async function disconnectNetwork(
  context: EngineContext,
  given: string,
  container: string,
  force: boolean,
): Promise<void> {
  const { folders } = context
  const found = resolveContainer(folders, container)
  requireNoMode(given, found.options.network.mode)
  const network = requireNetwork(folders, given)
  await withContainerLock(folders, found.id, async () => {
    const record = resolveContainer(folders, found.id)
    if (!isMember(record, network)) {
      await removeUnnamed(context, record)
      if (force) return
      requireOwnNetworks(record.options.network.mode, 'disconnect')
      throw notConnected(record, network)
    }
    const left = { network: network.name, networkId: network.id }
    const options = withoutNetwork(record.options.network, left)
    const changed = { ...record, options: { ...record.options, network: options } }
    rewriteRecord(folders, changed)
    if (readState(folders, record).pid === 0) return
    await removeUnnamed(context, changed)
    publishNetworkEvent(folders, network, 'disconnect', record.id)
  })
}

function isMember({ options }: ContainerRecord, { name, id }: Network): boolean {
  return isNamed(options.network.mode, { network: name, networkId: id })
}

function notConnected({ name }: ContainerRecord, network: Network): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `container ${name} is not connected to network ${network.name}`,
    {},
    { hint: 'See its networks with "mycontainer inspect"', exitCode: 1 },
  )
}
