import { OperationError } from '../../native/error.ts'
import { randomBelow } from '../../native/random.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import {
  type NamespaceMadeAhead,
  hostInterfaceName,
  interfaceName,
  isShared,
  wayOutOf,
} from '../network/attachment.ts'
import {
  type NetworkDevice,
  ensureNetwork,
  lookAtNetwork,
  reattachToBridge,
  setUpBridge,
} from '../network/bridge.ts'
import { type AddressLease, leaseAddress } from '../network/lease.ts'
import { writeNameRecord } from '../network/name-records.ts'
import { ensureNameServer } from '../network/name-server.ts'
import { type Network, driverOf, hasNameServer } from '../network/network.ts'
import { requireNetwork } from '../network/network-store.ts'
import { forgetBridge } from '../network/standing-bridge.ts'
import type { EngineContext } from './engine-context.ts'
import { mayHoldLeases } from './holds-leases.ts'
import { ourCommand } from './monitor-commands.ts'
import { wishFor } from './network-membership.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { listRecords } from './record-store.ts'
import type { NetworkAttachment } from './state.ts'

/** A network with what one container has leased in it. */
export interface Joined {
  readonly network: Network
  readonly device: NetworkDevice
  readonly lease: AddressLease
  /** As of `planAttachment`. */
  readonly nonce: number
  /** Where the interface was made ahead. */
  readonly namespace?: NamespaceMadeAhead | undefined
}

/** 2^30: a nonce below makes a free interface index and name of it. */
const nonceRange = 2 ** 30

/**
 * See to it that a network works, and lease a container's address there.
 *
 * @param isDryRun reserve only: the network is left as it is
 * @param mayBeStale whether {@link lookAgain} follows where the device says so
 * @throws {OperationError} `NOT_FOUND`, `ALREADY_EXISTS` for an address that is taken, `UNSUPPORTED`
 */
export function joinNetwork(
  context: EngineContext,
  record: ContainerRecord,
  name: string,
  isDryRun: boolean,
  mayBeStale = false,
): Joined {
  const { folders } = context
  const network = requireNetwork(folders, name)
  const { ip, ip6, mac } = wishFor(record.options.network, name)
  if (mac !== undefined && driverOf(network) === 'ipvlan') throw noOwnMac(network)
  const device = isDryRun ? lookAtNetwork(network) : ensureNetwork(folders, network, mayBeStale)
  if (device.isNew) restoreAttachments(context, network, device)
  const lease = leaseAddress(folders, network, {
    containerId: record.id,
    ip,
    ip6,
    mac,
    ipv6: device.ipv6,
    isHolding: (id, path) => mayHoldLeases(folders, id, path),
  })
  return { network, device, lease, nonce: randomBelow(nonceRange) }
}

function noOwnMac({ name, parent }: Network): OperationError {
  return new OperationError(
    'UNSUPPORTED',
    'choose the MAC address of an ipvlan interface',
    { network: name },
    { hint: `It has that of ${parent}: leave --mac-address out, or use a macvlan network` },
  )
}

/** See to bridges that a start relies on which is under way by now: nobody waits for it, and what is missing is there right after. */
export function lookAgain(context: EngineContext, joined: readonly Joined[]): void {
  for (const { network, device } of joined) {
    if (device.isStale !== true) continue
    try {
      const found = setUpBridge(network)
      if (found.isNew) restoreAttachments(context, network, found)
    } catch {
      // The next start looks first, and says what is wrong.
      forgetBridge(network)
    }
  }
}

/** Somebody deleted the bridge under running containers: their cables still hang there. */
export function restoreAttachments(
  { folders }: EngineContext,
  { id }: Network,
  device: Pick<NetworkDevice, 'index'>,
): void {
  const names = listRecords(folders).flatMap((record) => {
    const { pid, network } = readState(folders, record)
    if (pid === 0) return []
    const attachments = network?.attachments.filter(({ networkId }) => networkId === id) ?? []
    return attachments.flatMap(({ hostInterface }) => hostInterface ?? [])
  })
  if (names.length > 0) reattachToBridge(names, device)
}

/** Let the network's other containers find this one by name. @returns file that says so */
export async function announce(
  context: EngineContext,
  record: ContainerRecord,
  { network, lease }: Joined,
): Promise<string> {
  const { name, id, options } = record
  const file = writeNameRecord(context.folders, network.name, {
    containerId: id,
    names: [name, ...wishFor(options.network, network.name).aliases, id.slice(0, 12)],
    ...(lease.ipv4 ? { ipv4: lease.ipv4.address } : {}),
    ...(lease.ipv6 ? { ipv6: lease.ipv6.address } : {}),
    upstreams: options.network.dns,
  })
  if (!hasNameServer(network)) return file
  try {
    await ensureNameServer(context.folders, network, ourCommand(context, 'names', network.name))
    return file
  } catch (error) {
    unlinkIfPresent(file)
    throw error
  }
}

/** What the state of a container says of one of its networks. */
export function describeAttachment(
  record: ContainerRecord,
  { network, device, lease, nonce }: Joined,
  position: number,
): NetworkAttachment {
  const wayOut = wayOutOf(network)
  return {
    network: network.name,
    networkId: network.id,
    ...(isShared(network) ? { driver: driverOf(network) } : {}),
    interfaceName: interfaceName(position),
    ...(isShared(network) ? {} : { hostInterface: hostInterfaceName(nonce) }),
    ...(lease.ipv4
      ? {
          ipv4: lease.ipv4.address,
          ipv4PrefixLength: lease.ipv4.prefixLength,
          ...(wayOut === 'gateway' ? { ipv4Gateway: lease.ipv4.gateway } : {}),
        }
      : {}),
    ...(lease.ipv6
      ? {
          ipv6: lease.ipv6.address,
          ipv6PrefixLength: lease.ipv6.prefixLength,
          ...(wayOut === 'gateway' ? { ipv6Gateway: lease.ipv6.gateway } : {}),
        }
      : {}),
    mac: driverOf(network) === 'ipvlan' ? (device.mac ?? '') : lease.mac,
    aliases: wishFor(record.options.network, network.name).aliases,
  }
}
