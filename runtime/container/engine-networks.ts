import { OperationError } from '../../native/error.ts'
import type { NetworkSummary, PruneFilter, PruneResult } from '../cli/engine.ts'
import { destroyNetwork } from '../network/destroy-network.ts'
import { type Network, defaultNetworkName, driverOf, poolsOf } from '../network/network.ts'
import { type NetworkWords, readNetworkWords } from '../network/network-wish.ts'
import { createNetwork, listNetworks, requireNetwork } from '../network/network-store.ts'
import { containerFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import type { EngineContext } from './engine-context.ts'
import { mayHoldLeases } from './holds-leases.ts'
import { publishNetworkEvent } from './network-events.ts'
import { isNamed } from './network-membership.ts'
import { matches } from './prune.ts'
import { readState } from './read-state.ts'
import { listRecords, resolveContainer } from './record-store.ts'
import { findStartRecord } from './start-record.ts'

export function createUserNetwork(context: EngineContext, words: NetworkWords): NetworkSummary {
  const network = createNetwork(context.folders, readNetworkWords(words))
  publishNetworkEvent(context.folders, network, 'create')
  return summarize(context, network)
}

export function listUserNetworks(context: EngineContext): NetworkSummary[] {
  requireNetwork(context.folders, defaultNetworkName)
  return listNetworks(context.folders).map((network) => summarize(context, network))
}

export function inspectNetwork(context: EngineContext, name: string): NetworkSummary {
  return summarize(context, requireNetwork(context.folders, name))
}

export async function removeUserNetwork(
  context: EngineContext,
  name: string,
  force: boolean,
): Promise<void> {
  const { folders } = context
  const network = requireNetwork(folders, name)
  if (network.name === defaultNetworkName)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `remove the network ${name}`,
      {},
      {
        hint: 'It is the default one and always there',
        exitCode: 1,
      },
    )
  const users = usersOf(context, network)
  if (users.length > 0 && !force)
    throw new OperationError(
      'BAD_STATE',
      `remove the network ${name}`,
      { usedBy: users.map((user) => user.name).join(',') },
      { hint: 'Remove those containers first', exitCode: 1 },
    )
  if (users.length > 0) {
    const { removeContainer } = await import('./remove.ts')
    for (const { id } of users) await removeContainer(context, id, { force: true, volumes: false })
  }
  await removeUnnamedFrom(context, network)
  destroyNetwork(folders, network.name, (id, path) => mayHoldLeases(folders, id, path))
  publishNetworkEvent(folders, network, 'destroy')
}

/** Containers that a killed command had on the way into the network, or out of it. */
async function removeUnnamedFrom(context: EngineContext, { id }: Network): Promise<void> {
  const { folders } = context
  for (const record of listRecords(folders)) {
    const start = findStartRecord(containerFolder(folders, record.id))
    if (start?.network?.attachments.some(({ networkId }) => networkId === id) !== true) continue
    if (readState(folders, record).pid === 0) continue
    const { removeUnnamed } = await import('./remove-attachment.ts')
    await withContainerLock(folders, record.id, async () => {
      await removeUnnamed(context, resolveContainer(folders, record.id))
    })
  }
}

export async function pruneNetworks(
  context: EngineContext,
  filter: PruneFilter,
): Promise<PruneResult> {
  const deleted: string[] = []
  for (const network of listNetworks(context.folders)) {
    if (network.name === defaultNetworkName) continue
    if (usersOf(context, network).length > 0) continue
    if (!matches(network.created, network.labels, filter)) continue
    await removeUserNetwork(context, network.name, false)
    deleted.push(network.name)
  }
  return { deleted, reclaimedBytes: 0 }
}

/** Containers, running or not, that name a network. */
function usersOf({ folders }: EngineContext, network: Network): { id: string; name: string }[] {
  return listRecords(folders).filter(({ options }) =>
    isNamed(options.network.mode, { network: network.name, networkId: network.id }),
  )
}

function summarize({ folders }: EngineContext, network: Network): NetworkSummary {
  const pools = [...poolsOf(network, 'ipv4'), ...poolsOf(network, 'ipv6')]
  const driver = driverOf(network)
  return {
    id: network.id,
    name: network.name,
    created: network.created,
    driver: driver === 'none' ? 'null' : driver,
    bridgeName: network.bridge,
    subnets: driver === 'none' ? [] : pools,
    internal: network.internal,
    ipv4: network.ipv4.subnet !== '',
    ipv6: network.ipv6 !== undefined,
    dns: network.dns,
    labels: network.labels,
    options: {
      ...network.options,
      ...(network.parent === undefined ? {} : { parent: network.parent }),
    },
    containers: listRecords(folders).flatMap((record) => {
      const state = readState(folders, record)
      if (state.pid === 0) return []
      const own = state.network?.attachments.find(({ networkId }) => networkId === network.id)
      return own
        ? [{ id: record.id, name: record.name, ipv4: own.ipv4, ipv6: own.ipv6, mac: own.mac }]
        : []
    }),
  }
}
