import { OperationError, hasCode } from '../../native/error.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { attachmentFiles, nameRecordFile, releaseOwn } from '../network/attachment-files.ts'
import { removeInterface } from '../network/bridge.ts'
import { planDefaultRoute, planRemoval } from '../network/connect-plan.ts'
import { movePorts } from '../network/move-ports.ts'
import { listNetworks } from '../network/network-store.ts'
import { changeInterfaces } from './change-interfaces.ts'
import { containerFolder } from './container-folder.ts'
import type { EngineContext } from './engine-context.ts'
import type { EngineFolders } from './folders.ts'
import { writeHoldings } from './holdings.ts'
import { isNamed } from './network-membership.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { isNamedInHosts, refreshPeers } from './refresh-peers.ts'
import { refreshIdentity } from './refresh-identity.ts'
import { type StartRecord, readStartRecord } from './start-record.ts'
import type { ContainerState, NetworkAttachment } from './state.ts'

export function requireStartRecord(folders: EngineFolders, { id }: ContainerRecord): StartRecord {
  const start = readStartRecord(containerFolder(folders, id))
  if (start) return start
  throw new OperationError('PROTOCOL', 'read what a container holds', { id: id.slice(0, 12) })
}

/** The first of these networks that leads out: the container's default route goes there. */
export function wayOut(
  folders: EngineFolders,
  attachments: readonly NetworkAttachment[],
): NetworkAttachment | undefined {
  const networks = new Map(listNetworks(folders).map((network) => [network.id, network]))
  return attachments.find(({ networkId }) => networks.get(networkId)?.internal === false)
}

/**
 * Take a running container out of a network: nobody is sent there by name any more, its interface goes, then its
 * addresses are free. Done again from any point where it was cut off. The caller holds the container's lock.
 */
export async function removeAttachment(
  context: EngineContext,
  record: ContainerRecord,
  state: Pick<ContainerState, 'pid' | 'pidStartTime'>,
  attachment: NetworkAttachment,
): Promise<void> {
  const { folders } = context
  const start = requireStartRecord(folders, record)
  const before = start.network?.attachments ?? []
  const after = before.filter(({ interfaceName }) => interfaceName !== attachment.interfaceName)
  unlinkIfPresent(nameRecordFile(folders, attachment.network, record.id))
  await cutOff(context, state, attachment, wayOut(folders, before), wayOut(folders, after))
  const files = attachmentFiles(folders, record.id, attachment)
  const ports = start.network?.ports ?? []
  if (portsTarget(before)?.interfaceName === attachment.interfaceName)
    movePorts(folders, record.id, ports, portsTarget(after) ?? {})
  writeHoldings(containerFolder(folders, record.id), {
    ...start,
    network: { ...start.network, ports, attachments: after },
    leases: start.leases.filter((path) => !files.includes(path)),
  })
  releaseOwn(files, record.id)
  refreshIdentity(folders, record, before, after)
  if (isNamedInHosts(attachment)) refreshPeers(folders, attachment.network, record.id)
}

/** Where published ports lead: to the first network that the host reaches its containers by. */
export function portsTarget(
  attachments: readonly NetworkAttachment[],
): NetworkAttachment | undefined {
  return attachments.find(({ hostInterface }) => hostInterface !== undefined)
}

async function cutOff(
  context: EngineContext,
  state: Pick<ContainerState, 'pid' | 'pidStartTime'>,
  { interfaceName, hostInterface }: NetworkAttachment,
  oldWay: NetworkAttachment | undefined,
  newWay: NetworkAttachment | undefined,
): Promise<void> {
  if (hostInterface !== undefined) removeInterface(hostInterface)
  const isWayLost = oldWay?.interfaceName === interfaceName && newWay !== undefined
  const inside = [
    ...(hostInterface === undefined ? [planRemoval(interfaceName)] : []),
    ...(isWayLost ? [planDefaultRoute(defaultRouteBy(newWay))] : []),
  ]
  if (inside.length === 0) return
  try {
    await changeInterfaces(context, state, { outside: [], inside })
  } catch (error) {
    // It has ended, and its interfaces with it.
    if (!hasCode(error, 'BAD_STATE')) throw error
  }
}

function defaultRouteBy(way: NetworkAttachment): Parameters<typeof planDefaultRoute>[0] {
  const { interfaceName, ipv4, ipv4Gateway, ipv6, ipv6Gateway } = way
  const gateways = [
    ...(ipv4 === undefined ? [] : [{ family: 'ipv4' as const, address: ipv4Gateway }]),
    ...(ipv6 === undefined ? [] : [{ family: 'ipv6' as const, address: ipv6Gateway }]),
  ]
  return { interfaceName, gateways }
}

/**
 * Finish what a killed command has left: networks that a running container has and its record does not name
 * were on their way in or out. The caller holds the container's lock.
 */
export async function removeUnnamed(
  context: EngineContext,
  record: ContainerRecord,
): Promise<void> {
  const { folders } = context
  const state = readState(folders, record)
  if (state.pid === 0) return
  const attachments = readStartRecord(containerFolder(folders, record.id))?.network?.attachments
  for (const attachment of attachments ?? [])
    if (!isNamed(record.options.network.mode, attachment))
      await removeAttachment(context, record, state, attachment)
}
