import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { openNetlinkSocket, requireAck } from '../../native/netlink-socket.ts'
import type { NetlinkSocket } from '../../native/netlink-socket.ts'
import { buildTable, firewallRules } from './firewall-table.ts'
import type { FirewallRule, SetName } from './firewall-table.ts'
import { addPlaced, deletePlaced, networkElements } from './firewall-elements.ts'
import type { PlacedElement } from './firewall-elements.ts'
import { firewallStamp, rememberIntact, wasIntact } from './firewall-stamp.ts'
import { isUnspecified, requireAddress } from './ip-address.ts'
import { hasErrno } from './kernel-verdict.ts'
import { firewallTableName } from './network.ts'
import type { Network, NetworkFolders } from './network.ts'
import { listNames, portLeasesFolder, readIfPresent } from './network-files.ts'
import { decodeElements, decodeRule, dumpElements, dumpRules } from './nftables/dump.ts'
import { addTable, deleteTable, encodeBatch } from './nftables/message.ts'
import type { TableChange } from './nftables/message.ts'
import {
  hostPortOfKey,
  hostPortOfLease,
  parsePortLease,
  portElement,
  portLeaseName,
  portMaps,
} from './published-port.ts'

/**
 * Make sure that the firewall lets a network work and that every leased port leads to its container:
 * after a reboot, `nft flush ruleset` or a crash the next command puts back what is missing.
 *
 * @param everyNetwork read only when the table has to be built again
 * @returns whether the table had to be built
 * @throws {OperationError} `UNSUPPORTED` where the kernel has no nf_tables
 */
export function ensureFirewall(
  folders: NetworkFolders,
  network: Network,
  everyNetwork: () => readonly Network[],
): boolean {
  const table = firewallTableName(folders)
  using socket = openFirewall()
  const stamp = readStamp(socket)
  if (stamp !== undefined && wasIntact(folders, network, stamp)) return false
  const intact = isIntact(socket, table)
  if (!intact) rebuild(socket, table, [network, ...everyNetwork()])
  else {
    const missing = missingElements(socket, table, networkElements(network))
    if (missing.length > 0) change(socket, table, addPlaced(table, missing))
  }
  reconcilePorts(socket, table, folders)
  if (stamp !== undefined && readStamp(socket) === stamp) rememberIntact(folders, network, stamp)
  return !intact
}

function readStamp(socket: NetlinkSocket): string | undefined {
  try {
    return firewallStamp(socket)
  } catch (cause) {
    throw noFirewallOr(cause)
  }
}

/** Take a network out of the firewall; fine where it is not in it. */
export function removeFromFirewall(folders: NetworkFolders, network: Network): void {
  const table = firewallTableName(folders)
  using socket = openFirewall()
  for (const placed of networkElements(network))
    tolerateMissing(() => change(socket, table, deletePlaced(table, [placed])))
}

/** Remove our whole table, as uninstalling does; fine where there is none. */
export function removeFirewall(folders: NetworkFolders): void {
  const table = firewallTableName(folders)
  using socket = openFirewall()
  tolerateMissing(() => change(socket, table, [deleteTable(table)]))
}

/** Put elements in; those that are there already are fine. */
export function placeElements(folders: NetworkFolders, placed: readonly PlacedElement[]): void {
  const table = firewallTableName(folders)
  using socket = openFirewall()
  change(socket, table, addPlaced(table, placed))
}

/** Take elements out one by one; fine where they are not in. */
export function removeElements(folders: NetworkFolders, placed: readonly PlacedElement[]): void {
  const table = firewallTableName(folders)
  using socket = openFirewall()
  for (const one of placed) tolerateMissing(() => change(socket, table, deletePlaced(table, [one])))
}

function openFirewall(): NetlinkSocket {
  try {
    return openNetlinkSocket('netfilter')
  } catch (cause) {
    throw noFirewall(cause)
  }
}

function noFirewall(cause: unknown): OperationError {
  return new OperationError(
    'UNSUPPORTED',
    'set up address translation with nf_tables',
    {},
    {
      cause,
      hint:
        'Without nf_tables (CONFIG_NF_TABLES, NFT_NAT, NFT_MASQ, NFT_FIB_INET) containers have no way out and no ' +
        'published ports: load the module, or use "--network none" or "--network host"',
    },
  )
}

/** Where there is no nf_tables at all, nfnetlink knows no such subsystem. */
function noFirewallOr(cause: unknown): unknown {
  return hasErrno(cause, 'EINVAL', 'EOPNOTSUPP') ? noFirewall(cause) : cause
}

/** Send a batch; the kernel applies all of it or nothing. */
function change(socket: NetlinkSocket, table: string, changes: readonly TableChange[]): void {
  for (const ack of socket.request(encodeBatch(changes), 1)) {
    const failed = changes[ack.sequence - 1]
    requireAck(ack, 'change the firewall', { table, change: failed?.type ?? 'batch' })
  }
}

function tolerateMissing(step: () => void): void {
  try {
    step()
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
}

/** Whether the rules are the ones we want, in order, told by chain and comment. */
function isIntact(socket: NetlinkSocket, table: string): boolean {
  try {
    const present = socket.read(dumpRules(table)).map(decodeRule)
    const ours = present.filter((rule) => rule.table === table)
    return fingerprint(ours) === fingerprint(firewallRules())
  } catch (cause) {
    throw noFirewallOr(cause)
  }
}

type RuleName = Pick<FirewallRule, 'chain' | 'comment'>

/** Only the order within a chain counts: sorting by chain alone keeps it, for it is stable. */
function fingerprint(rules: readonly RuleName[]): string {
  return rules
    .toSorted((one, other) => (one.chain < other.chain ? -1 : Number(one.chain > other.chain)))
    .map(({ chain, comment }) => `${chain} ${comment}`)
    .join('\n')
}

function rebuild(socket: NetlinkSocket, table: string, networks: readonly Network[]): void {
  const unique = new Map(networks.map((network) => [network.id, network]))
  const elements = addPlaced(table, [...unique.values()].flatMap(networkElements))
  try {
    change(socket, table, [...buildTable(table), ...elements])
  } catch (error) {
    if (hasErrno(error, 'EOPNOTSUPP', 'ENOENT', 'EPROTONOSUPPORT', 'EAFNOSUPPORT'))
      throw noFirewall(error)
    if (!hasErrno(error, 'EEXIST', 'EBUSY', 'EINVAL')) throw error
    // A table of another version of ours: its sets cannot be changed, only made anew.
    change(socket, table, [addTable(table), deleteTable(table), ...buildTable(table), ...elements])
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function missingElements(
  socket: NetlinkSocket,
  table: string,
  wanted: readonly PlacedElement[],
): PlacedElement[] {
  const present = new Map<SetName, ReadonlySet<string>>()
  return wanted.filter(({ set, element }) => {
    const keys = present.get(set) ?? readKeys(socket, table, set)
    present.set(set, keys)
    return !keys.has(hex(element.key))
  })
}

function readKeys(socket: NetlinkSocket, table: string, set: SetName): ReadonlySet<string> {
  return new Set(
    socket
      .read(dumpElements(table, set))
      .flatMap(decodeElements)
      .filter(({ intervalEnd }) => !intervalEnd)
      .map(({ key }) => hex(key)),
  )
}

/**
 * Make the maps of published ports equal to the lease files. The kernel is read first: a port whose
 * lease is made in between then shows up as a lease, never as an element nobody owns.
 */
function reconcilePorts(socket: NetlinkSocket, table: string, folders: NetworkFolders): void {
  const present = new Map(readPorts(socket, table))
  const folder = portLeasesFolder(folders)
  const leased = listNames(folder).filter((name) => hostPortOfLease(name))
  const wanted = new Set(leased)
  const missing = leased
    .filter((name) => !present.has(name))
    .flatMap((name) => {
      const placed = leasedElement(join(folder, name), name)
      return placed ? [{ name, placed }] : []
    })
  const orphans = [...present].filter(([name]) => !wanted.has(name)).map(([, placed]) => placed)
  for (const orphan of orphans)
    tolerateMissing(() => change(socket, table, deletePlaced(table, [orphan])))
  if (missing.length === 0) return
  change(
    socket,
    table,
    addPlaced(
      table,
      missing.map(({ placed }) => placed),
    ),
  )
  // A container that has ended meanwhile has withdrawn its port before we put it back.
  for (const { name, placed } of missing)
    if (readIfPresent(join(folder, name)) === undefined)
      tolerateMissing(() => change(socket, table, deletePlaced(table, [placed])))
}

function readPorts(socket: NetlinkSocket, table: string): [string, PlacedElement][] {
  return portMaps.flatMap((map) =>
    socket
      .read(dumpElements(table, map))
      .flatMap(decodeElements)
      .flatMap(({ key }): [string, PlacedElement][] => {
        const port = hostPortOfKey(map, key)
        return port ? [[portLeaseName(port), { set: map, element: { key } }]] : []
      }),
  )
}

function leasedElement(path: string, name: string): PlacedElement | undefined {
  const port = hostPortOfLease(name)
  const text = readIfPresent(path)
  if (!port || text === undefined) return undefined
  const lease = parsePortLease(text, path)
  // One whose container has left the network leads nowhere.
  if (isUnspecified(requireAddress(lease.targetIp, 'the address of a container'))) return undefined
  const { map, element } = portElement({ ...port, ...lease })
  return { set: map, element }
}
