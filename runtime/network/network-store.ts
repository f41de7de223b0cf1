import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { lockSync } from '../../native/lock.ts'
import { openNetlinkSocket } from '../../native/netlink-socket.ts'
import { chooseIpv6Subnet, chooseSubnet, requireFree } from './choose-subnet.ts'
import { findLink, nameServerSubnets, usedSubnets } from './host-network.ts'
import { formatAddress, requireAddress } from './ip-address.ts'
import {
  canonicalNetworkName,
  defaultNetworkName,
  driverOf,
  hasNameServer,
  poolsOf,
  requireNetworkName,
} from './network.ts'
import type {
  AddressPool,
  Network,
  NetworkDriver,
  NetworkFolders,
  NetworkRoute,
} from './network.ts'
import {
  claimFile,
  listNames,
  networkFile,
  networksFolder,
  readIfPresent,
} from './network-files.ts'
import { chooseParent, requireChildren } from './parent-interface.ts'
import { ensureVlan, removeVlan } from './vlan-parent.ts'
import { addressAt, contains, formatSubnet, isHostAddress, parseSubnet } from './subnet.ts'
import type { Subnet } from './subnet.ts'

/** Addresses of one family. */
export interface NewPool {
  readonly subnet?: string | undefined
  readonly gateway?: string | undefined
  /** A part of the subnet. */
  readonly range?: string | undefined
  /** Addresses that others have, by name. */
  readonly reserved?: Readonly<Record<string, string>> | undefined
}

/** What `network create` asks for. */
export interface NewNetwork extends NewPool {
  readonly name: string
  readonly driver?: NetworkDriver | undefined
  /** Absent: the interface of the host's default route. */
  readonly parent?: string | undefined
  readonly mode?: string | undefined
  /** Name of the bridge. */
  readonly bridge?: string | undefined
  /** False: IPv6 alone. */
  readonly ipv4?: boolean | undefined
  /** Absent: none. Without a subnet: one of ours. */
  readonly ipv6?: NewPool | undefined
  /** More of either family. */
  readonly further?: readonly NewPool[] | undefined
  readonly internal?: boolean | undefined
  readonly nameServers?: readonly string[] | undefined
  readonly routes?: readonly NetworkRoute[] | undefined
  /** False: no name server. */
  readonly dns?: boolean | undefined
  readonly mtu?: number | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  readonly options?: Readonly<Record<string, string>> | undefined
}

/** Every network that exists, by name; the default one only once it has been used. */
export function listNetworks(folders: NetworkFolders): Network[] {
  return listNames(networksFolder(folders))
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .flatMap((name) => readNetwork(folders, name.slice(0, -'.json'.length)) ?? [])
}

/** The network of that very name, or undefined. */
function readNetwork(folders: NetworkFolders, name: string): Network | undefined {
  const path = networkFile(folders, name)
  const text = readIfPresent(path)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as Network
  } catch (cause) {
    throw new OperationError('PROTOCOL', 'read a network', { path }, { cause })
  }
}

/**
 * The network that a user means: by name, alias, id or start of an id. The default one is made
 * when it is asked for.
 *
 * @throws {OperationError} `NOT_FOUND`, or `INVALID_ARGUMENT` where an id fits several
 */
export function requireNetwork(folders: NetworkFolders, given: string): Network {
  const name = canonicalNetworkName(given)
  const exact = /^[\w.-]{1,250}$/.test(name) ? readNetwork(folders, name) : undefined
  if (exact) return exact
  if (name === defaultNetworkName) return createDefaultNetwork(folders)
  const matches = /^[0-9a-f]+$/.test(name)
    ? listNetworks(folders).filter(({ id }) => id.startsWith(name))
    : []
  const [only] = matches
  if (only && matches.length === 1) return only
  if (only) throw new OperationError('INVALID_ARGUMENT', 'find a network', { id: name })
  throw new OperationError(
    'NOT_FOUND',
    `no such network: ${name}`,
    { name: given },
    { hint: `Make it with "mycontainer network create ${given}"` },
  )
}

/**
 * Make a network; its bridge follows when a container needs it.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for bad input, `ALREADY_EXISTS` where the name or the
 *   range is taken
 */
export function createNetwork(folders: NetworkFolders, wanted: NewNetwork): Network {
  requireNetworkName(wanted.name)
  if (wanted.name === defaultNetworkName) throw nameTaken(wanted.name)
  return addNetwork(folders, wanted, 'user')
}

function createDefaultNetwork(folders: NetworkFolders): Network {
  try {
    return addNetwork(folders, { name: defaultNetworkName, dns: false }, 'default')
  } catch (error) {
    const made = readNetwork(folders, defaultNetworkName)
    if (made) return made
    throw error
  }
}

function addNetwork(
  folders: NetworkFolders,
  wanted: NewNetwork,
  kind: 'default' | 'user',
): Network {
  mkdirSync(networksFolder(folders), { recursive: true, mode: 0o711 })
  using _lock = lockSync(`${networksFolder(folders)}/.lock`)
  if (readNetwork(folders, wanted.name)) throw nameTaken(wanted.name)
  // Loaded here alone: only making a network needs it, and every command loads this file.
  const { randomBytes } = process.getBuiltinModule('node:crypto')
  const id = randomBytes(32).toString('hex')
  // Before the device, which may have to be made.
  const pools = choosePools(folders, wanted, id, kind)
  const network: Network = {
    id,
    name: wanted.name,
    ...chooseDevice(folders, wanted, id, kind),
    ...pools,
    internal: wanted.internal ?? false,
    dns: wanted.dns ?? true,
    ...(wanted.nameServers ? { nameServers: wanted.nameServers } : {}),
    ...(wanted.routes ? { routes: wanted.routes } : {}),
    ...(wanted.mtu === undefined ? {} : { mtu: requireMtu(wanted.mtu) }),
    labels: wanted.labels ?? {},
    ...(wanted.options === undefined ? {} : { options: wanted.options }),
    created: new Date().toISOString(),
  }
  if (!claimFile(networkFile(folders, wanted.name), `${JSON.stringify(network)}\n`))
    throw nameTaken(wanted.name)
  return network
}

function chooseDevice(
  folders: NetworkFolders,
  wanted: NewNetwork,
  id: string,
  kind: 'default' | 'user',
): Pick<Network, 'driver' | 'bridge' | 'parent' | 'mode'> {
  const { driver = 'bridge', mode } = wanted
  if (driver === 'bridge')
    return { bridge: ownBridge(folders, wanted.bridge) ?? chooseBridgeName(id, kind) }
  if (driver === 'none') return { driver, bridge: '' }
  const isMade = ensureVlan(wanted.parent ?? '', id)
  try {
    const parent = chooseParent(wanted.parent)
    requireChildren({ driver, parent, mode })
    return { driver, bridge: '', parent, mode }
  } catch (error) {
    if (isMade) removeVlan(wanted.parent ?? '', id, [])
    throw error
  }
}

function ownBridge(folders: NetworkFolders, name: string | undefined): string | undefined {
  if (name === undefined) return undefined
  const other = listNetworks(folders).find(({ bridge }) => bridge === name)
  using socket = openNetlinkSocket('route')
  if (!other && !findLink(socket, name)) return name
  throw new OperationError(
    'ALREADY_EXISTS',
    'name a bridge',
    { bridge: name, network: other?.name ?? '' },
    { hint: 'There is an interface of that name: choose another' },
  )
}

/** `mc0` for the default network, unless another engine on this machine has it. */
function chooseBridgeName(id: string, kind: 'default' | 'user'): string {
  const own = `mc-${id.slice(0, 12)}`
  if (kind === 'user') return own
  using socket = openNetlinkSocket('route')
  return findLink(socket, 'mc0') ? own : 'mc0'
}

const noPool: AddressPool = { subnet: '', gateway: '' }

function choosePools(
  folders: NetworkFolders,
  wanted: NewNetwork,
  id: string,
  kind: 'default' | 'user',
): Pick<Network, 'ipv4' | 'ipv6' | 'further'> {
  if (wanted.driver === 'none') return { ipv4: noPool }
  const others = listNetworks(folders)
    .filter((network) => driverOf(network) !== 'none')
    .flatMap((network) => [...poolsOf(network, 'ipv4'), ...poolsOf(network, 'ipv6')])
    .map(({ subnet }) => parseSubnet(subnet))
  const nameServers = nameServerSubnets(readIfPresent('/etc/resolv.conf') ?? '')
  const used = [...others, ...usedSubnets('ipv4'), ...nameServers]
  // Containers that share an interface of the host are in the network that it is in.
  const isShared = wanted.driver === 'macvlan' || wanted.driver === 'ipvlan'
  const ipv4 =
    wanted.ipv4 === false
      ? noPool
      : poolOf(
          wanted.subnet === undefined
            ? chooseSubnet(kind, used, folders.root)
            : requireIpv4(wanted.subnet, isShared ? others : used),
          wanted,
        )
  const used6 = isShared ? others : [...others, ...usedSubnets('ipv6')]
  const text6 = wanted.ipv6?.subnet ?? formatSubnet(chooseIpv6Subnet(id))
  const ipv6 = wanted.ipv6 && poolOf(requireIpv6(text6, used6), wanted.ipv6)
  // Of one network, too, no range may lie in another.
  const own = [...(ipv4 === noPool ? [] : [ipv4]), ...(ipv6 ? [ipv6] : [])].map((pool) =>
    parseSubnet(pool.subnet),
  )
  const further: AddressPool[] = []
  for (const pool of wanted.further ?? []) {
    const text = pool.subnet ?? ''
    const free = text.includes(':')
      ? requireIpv6(text, [...used6, ...own])
      : requireIpv4(text, [...(isShared ? others : used), ...own])
    own.push(free)
    further.push(poolOf(free, pool))
  }
  return { ipv4, ...(ipv6 ? { ipv6 } : {}), ...(further.length > 0 ? { further } : {}) }
}

function requireIpv6(text: string, used: readonly Subnet[]): Subnet {
  const subnet = parseSubnet(text)
  if (subnet.address.length !== 16 || subnet.prefixLength > 112)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read an IPv6 subnet',
      { subnet: text },
      { hint: 'Give an IPv6 range of at most /112, such as fd00:90::/64' },
    )
  requireFree(subnet, used)
  return subnet
}

function requireIpv4(text: string, used: readonly Subnet[]): Subnet {
  const subnet = parseSubnet(text)
  const fits = subnet.address.length === 4 && subnet.prefixLength >= 8 && subnet.prefixLength <= 29
  if (!fits)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read a subnet',
      { subnet: text },
      { hint: 'Give an IPv4 range between /8 and /29, such as 10.90.0.0/24' },
    )
  requireFree(subnet, used)
  return subnet
}

function poolOf(subnet: Subnet, { gateway, range, reserved }: NewPool): AddressPool {
  const address =
    gateway === undefined ? addressAt(subnet, 1n) : requireAddress(gateway, 'a gateway')
  if (!isHostAddress(subnet, address))
    throw new OperationError('INVALID_ARGUMENT', 'take a gateway', {
      gateway: formatAddress(address),
      subnet: formatSubnet(subnet),
    })
  const pool = {
    subnet: formatSubnet(subnet),
    gateway: formatAddress(address),
    ...(reserved === undefined ? {} : { reserved }),
  }
  if (range === undefined) return pool
  const part = parseSubnet(range)
  const isPart =
    part.address.length === subnet.address.length &&
    part.prefixLength >= subnet.prefixLength &&
    contains(subnet, part.address)
  if (!isPart)
    throw new OperationError('INVALID_ARGUMENT', 'take a range of addresses', {
      range,
      subnet: pool.subnet,
    })
  return { ...pool, range: formatSubnet(part) }
}

function requireMtu(mtu: number): number {
  if (Number.isInteger(mtu) && mtu >= 68 && mtu <= 65_535) return mtu
  throw new OperationError('INVALID_ARGUMENT', 'read an MTU', { mtu, min: 68, max: 65_535 })
}

function nameTaken(name: string): OperationError {
  return new OperationError('ALREADY_EXISTS', `create the network ${name}: it exists already`, {
    name,
  })
}

/**
 * Have a network's name server ask others than before; without any left it asks those of the host.
 *
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT` for a network without names, or a server to drop that is none of its
 */
export function changeNameServers(
  folders: NetworkFolders,
  given: string,
  { add, drop }: { readonly add: readonly string[]; readonly drop: readonly string[] },
): Network {
  const { name } = requireNetwork(folders, given)
  using _lock = lockSync(`${networksFolder(folders)}/.lock`)
  const { nameServers = [], ...network } = requireNetwork(folders, name)
  const unknown = drop.find((server) => !nameServers.includes(server))
  if (!hasNameServer(network) || unknown !== undefined)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `change the name servers of the network ${name}`,
      unknown === undefined ? {} : { dns: unknown },
      {
        hint: hasNameServer(network)
          ? `It asks ${nameServers.join(', ') || 'those of the host'}`
          : 'It has no name server of its own: networks of users with bridges have',
      },
    )
  const servers = [...new Set([...nameServers, ...add])].filter((one) => !drop.includes(one))
  const changed = { ...network, ...(servers.length > 0 ? { nameServers: servers } : {}) }
  const path = networkFile(folders, name)
  writeFileSync(`${networksFolder(folders)}/.${name}`, `${JSON.stringify(changed)}\n`, {
    mode: 0o600,
  })
  renameSync(`${networksFolder(folders)}/.${name}`, path)
  return changed
}

/** Forget a network. Its kernel objects go with `removeBridge`; whether it is in use the caller knows. */
export function deleteNetworkRecord(folders: NetworkFolders, name: string): void {
  unlinkIfPresent(networkFile(folders, name))
}
