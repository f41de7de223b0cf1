import { OperationError } from '../../native/error.ts'
import type { NetworkConnectOptions } from '../cli/engine.ts'
import { attachmentFiles, releaseOwn } from '../network/attachment-files.ts'
import { freePosition, planConnection } from '../network/connect-plan.ts'
import { requireLeasable } from '../network/lease.ts'
import { movePorts } from '../network/move-ports.ts'
import { type Network, driverOf } from '../network/network.ts'
import { requireNetwork } from '../network/network-store.ts'
import { changeInterfaces } from './change-interfaces.ts'
import { containerFolder } from './container-folder.ts'
import { withContainerLock } from './container-lock.ts'
import {
  portsTarget,
  removeAttachment,
  removeUnnamed,
  requireStartRecord,
  wayOut,
} from './remove-attachment.ts'
import type { EngineContext } from './engine-context.ts'
import { writeHoldings } from './holdings.ts'
import { announce, describeAttachment, joinNetwork } from './join-network.ts'
import { publishNetworkEvent } from './network-events.ts'
import { isNamed, requireNoMode, requireOwnNetworks, withNetwork } from './network-membership.ts'
import type { NetworkWish } from './options.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { resolveContainer, rewriteRecord } from './record-store.ts'
import { isNamedInHosts, refreshPeers } from './refresh-peers.ts'
import { refreshIdentity } from './refresh-identity.ts'
import { requireNamespaces } from './rootless-start.ts'
import type { StartRecord } from './start-record.ts'
import type { ContainerState, NetworkAttachment } from './state.ts'

/**
 * Bring a container into one more network: at once where it runs, else when it starts.
 *
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT`, `ALREADY_EXISTS` where it is in it or an address is
 *   taken; nothing is changed then
 */
export async function connectNetwork(
  context: EngineContext,
  wanted: NetworkConnectOptions,
): Promise<void> {
  const { folders } = context
  const found = resolveContainer(folders, wanted.container)
  requireNoMode(wanted.network, found.options.network.mode)
  const network = requireNetwork(folders, wanted.network)
  const wish = wishOf(network, wanted)
  await withContainerLock(folders, found.id, async () => {
    const record = resolveContainer(folders, found.id)
    requireNewcomer(record, network)
    const options = withNetwork(record.options.network, network.name, wish)
    const changed = { ...record, options: { ...record.options, network: options } }
    const state = readState(folders, record)
    if (state.pid === 0 || driverOf(network) === 'none') return rewriteRecord(folders, changed)
    await removeUnnamed(context, record)
    await plugIn(context, changed, network, state)
    publishNetworkEvent(folders, network, 'connect', record.id)
  })
}

function wishOf(network: Network, wanted: NetworkConnectOptions): NetworkWish {
  const { aliases, ip, ip6, mac } = wanted
  if (aliases.length > 0 && !network.dns)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'network-scoped alias is supported only for containers in user defined networks',
      { network: network.name },
      { hint: 'Nobody answers names in this network: leave --alias out', exitCode: 1 },
    )
  const wish = {
    ...(aliases.length > 0 ? { aliases } : {}),
    ...(ip === undefined ? {} : { ip }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(mac === undefined ? {} : { mac }),
  }
  requireLeasable(network, wish)
  return wish
}

function requireNewcomer({ name, options }: ContainerRecord, network: Network): void {
  const { mode } = options.network
  requireOwnNetworks(mode, 'connect')
  if (isNamed(mode, { network: network.name, networkId: network.id }))
    throw new OperationError(
      'ALREADY_EXISTS',
      `endpoint with name ${name} already exists in network ${network.name}`,
      {},
      { hint: 'The container is in that network', exitCode: 1 },
    )
}

async function plugIn(
  context: EngineContext,
  record: ContainerRecord,
  network: Network,
  state: ContainerState,
): Promise<void> {
  requireNamespaces(context)
  const { folders } = context
  const start = requireStartRecord(folders, record)
  const before = start.network?.attachments ?? []
  const joined = joinNetwork(context, record, network.name, false)
  const position = freePosition(before.map(({ interfaceName }) => interfaceName))
  const attachment = describeAttachment(record, joined, position)
  try {
    // First written down, then made, then a fact: whoever finds what a killed command left takes it back.
    writeHoldings(
      containerFolder(folders, record.id),
      withAttachment(context, record, start, attachment),
    )
    const { host, inside } = planConnection({
      folders,
      ...joined,
      position,
      defaultRoute: !network.internal && wayOut(folders, before) === undefined,
      hairpin: (start.network?.ports.length ?? 0) > 0,
    })
    await changeInterfaces(context, state, { outside: host, inside })
    if (network.dns) await announce(context, record, joined)
    rewriteRecord(folders, record)
  } catch (error) {
    await undo(context, record, state, attachment)
    throw error
  }
  const target = portsTarget([...before, attachment])
  if (target === attachment) movePorts(folders, record.id, start.network?.ports ?? [], target)
  refreshIdentity(folders, record, before, [...before, attachment])
  if (network.dns && isNamedInHosts(network)) refreshPeers(folders, network.name)
}

function withAttachment(
  { folders }: EngineContext,
  { id }: ContainerRecord,
  start: StartRecord,
  attachment: NetworkAttachment,
): StartRecord {
  const { attachments = [], ports = [] } = start.network ?? {}
  return {
    ...start,
    network: { ...start.network, ports, attachments: [...attachments, attachment] },
    leases: [...start.leases, ...attachmentFiles(folders, id, attachment)],
  }
}

async function undo(
  context: EngineContext,
  record: ContainerRecord,
  state: ContainerState,
  attachment: NetworkAttachment,
): Promise<void> {
  try {
    await removeAttachment(context, record, state, attachment)
  } catch {
    // It is written down: the next command that works on the container's networks takes it back, or its end does.
    releaseOwn(attachmentFiles(context.folders, record.id, attachment), record.id)
  }
}
