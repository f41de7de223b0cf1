import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { closeSync, constants, existsSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { lockSync } from '../../native/lock.ts'
import { addressNumber, formatAddress, parseAddress, requireAddress } from './ip-address.ts'
import { parseMac } from './mac-address.ts'
import { isReserved, poolsOf } from './network.ts'
import type { AddressPool, Network, NetworkFolders } from './network.ts'
import {
  addressLeasesFolder,
  claimFile,
  listNames,
  networkRunFolder,
  readIfPresent,
} from './network-files.ts'
import { addressAt, contains, isHostAddress, parseSubnet, subnetSize } from './subnet.ts'

/** An address of one family that a container holds. */
export interface LeasedAddress {
  readonly address: string
  readonly prefixLength: number
  readonly gateway: string
}

/** What a container has in one network until its lease files are unlinked. */
export interface AddressLease {
  /** Absent in a network of IPv6 alone. */
  readonly ipv4?: LeasedAddress | undefined
  readonly ipv6?: LeasedAddress | undefined
  /** `02:42:0a:58:00:02` */
  readonly mac: string
  /** Absolute paths of the lease files. */
  readonly files: readonly string[]
}

export interface LeaseRequest {
  readonly containerId: string
  /** `--ip` and `--ip6`. */
  readonly ip?: string | undefined
  readonly ip6?: string | undefined
  readonly mac?: string | undefined
  /** False where the host has no IPv6. */
  readonly ipv6: boolean
  /**
   * Whether a container may still use what it leased: it is being started, runs, or its monitor has
   * not cleaned up yet. Asked only where a lease is in the way.
   */
  readonly isHolding: (containerId: string, path: string) => boolean
}

/**
 * Lease an address: one file for each, claimed with link(2), so that any number of processes can do
 * so at once with no lock. Leases of containers that are gone are taken back when they are in the way.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for an address outside the network, `ALREADY_EXISTS`
 *   where it is taken, `BAD_STATE` where the network is full
 */
export function leaseAddress(
  folders: NetworkFolders,
  network: Network,
  request: LeaseRequest,
): AddressLease {
  requireLeasable(network, request)
  const folder = addressLeasesFolder(folders, network.name)
  const mac = request.mac === undefined ? undefined : parseMac(request.mac)
  if (poolsOf(network, 'ipv4').length === 0) return leaseIpv6Alone(folders, network, request)
  const ipv4 =
    request.ip === undefined
      ? leaseNext(folders, network, 'ipv4', request)
      : leaseWanted(folder, poolsOf(network, 'ipv4'), request.ip, request)
  const files = [join(folder, formatAddress(ipv4.address))]
  try {
    const ipv6 =
      request.ipv6 && network.ipv6 ? leaseIpv6(folder, network, ipv4, request) : undefined
    if (ipv6) files.push(join(folder, formatAddress(ipv6.address)))
    return {
      ipv4: describe(ipv4),
      ...(ipv6 ? { ipv6: describe(ipv6) } : {}),
      mac: formatMac(mac ?? macOf(ipv4.address)),
      files,
    }
  } catch (error) {
    releaseLeases(files)
    throw error
  }
}

/** @throws {OperationError} `UNSUPPORTED` where the host has no IPv6 */
function leaseIpv6Alone(
  folders: NetworkFolders,
  network: Network,
  request: LeaseRequest,
): AddressLease {
  if (!request.ipv6)
    throw new OperationError(
      'UNSUPPORTED',
      `join the network ${network.name}: it has IPv6 alone, and this host has none`,
      {},
      { hint: 'Allow it: sysctl -w net.ipv6.conf.all.disable_ipv6=0' },
    )
  const folder = addressLeasesFolder(folders, network.name)
  const ipv6 =
    request.ip6 === undefined
      ? leaseNext(folders, network, 'ipv6', request)
      : leaseWanted(folder, poolsOf(network, 'ipv6'), request.ip6, request)
  const mac = request.mac === undefined ? macOf(ipv6.address) : parseMac(request.mac)
  const files = [join(folder, formatAddress(ipv6.address))]
  return { ipv6: describe(ipv6), mac: formatMac(mac), files }
}

/** An address with the range that it is of. */
interface Leased {
  readonly address: Uint8Array
  readonly pool: AddressPool
}

function describe({ address, pool }: Leased): LeasedAddress {
  return {
    address: formatAddress(address),
    prefixLength: parseSubnet(pool.subnet).prefixLength,
    gateway: pool.gateway,
  }
}

/**
 * Refuse addresses that no container can have in a network, before anything is leased.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function requireLeasable(
  network: Network,
  { ip, ip6 }: Pick<LeaseRequest, 'ip' | 'ip6'>,
): void {
  if (ip !== undefined) requireInPool(poolsOf(network, 'ipv4'), ip)
  if (ip6 === undefined) return
  if (network.ipv6) requireInPool(poolsOf(network, 'ipv6'), ip6)
  else
    throw new OperationError(
      'INVALID_ARGUMENT',
      'lease an address',
      { address: ip6, network: network.name },
      { hint: 'The network has no IPv6: make it with --ipv6' },
    )
}

function requireInPool(pools: readonly AddressPool[], wanted: string): Leased {
  const address = requireAddress(wanted, 'an address of a container')
  const pool = pools.find(({ subnet }) => isHostAddress(parseSubnet(subnet), address))
  if (pool) return { address, pool }
  throw new OperationError(
    'INVALID_ARGUMENT',
    'lease an address',
    { address: wanted, subnet: pools.map(({ subnet }) => subnet).join(',') },
    { hint: 'Take an address of the network that is not its first or last one' },
  )
}

/** Give leases back, after a start that failed for example. */
export function releaseLeases(files: readonly string[]): void {
  for (const file of files) unlinkIfPresent(file)
}

/** Ids of the containers that hold an address of a network. */
export function leaseHolders(
  folders: NetworkFolders,
  name: string,
  isHolding: LeaseRequest['isHolding'] = () => true,
): Set<string> {
  const folder = addressLeasesFolder(folders, name)
  const paths = listNames(folder).map((file) => join(folder, file))
  return new Set(
    paths.flatMap((path) => {
      const id = readIfPresent(path)?.trim()
      return id !== undefined && isHolding(id, path) ? [id] : []
    }),
  )
}

function macOf(address: Uint8Array): Uint8Array {
  return new Uint8Array([0x02, 0x42, ...address.slice(-4)])
}

function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}

function leaseIpv6(
  folder: string,
  network: Network,
  { address, pool }: Leased,
  request: LeaseRequest,
): Leased {
  const pools = poolsOf(network, 'ipv6')
  if (request.ip6 !== undefined) return leaseWanted(folder, pools, request.ip6, request)
  const place = addressNumber(address) - firstOf(pool)
  for (const one of pools) {
    const free = leaseAlike(folder, one, place, request)
    if (free) return { address: free, pool: one }
  }
  throw noneFree(network, pools)
}

function noneFree({ name }: Network, pools: readonly AddressPool[]): OperationError {
  return new OperationError(
    'BAD_STATE',
    'lease an address',
    { network: name, subnet: pools.map(({ subnet, range }) => range ?? subnet).join(',') },
    { hint: 'Every address is in use: remove containers or make another network' },
  )
}

function firstOf({ subnet }: AddressPool): bigint {
  return addressNumber(parseSubnet(subnet).address)
}

/** More are never taken by others at once: each network has as many IPv4 addresses at most as it has containers. */
const mostTries = 65_536n

/** The IPv6 address at the place that the IPv4 one has in its range, which is unique already, or the next that is free. */
function leaseAlike(
  folder: string,
  pool: AddressPool,
  start: bigint,
  request: LeaseRequest,
): Uint8Array | undefined {
  const [whole, part] = [parseSubnet(pool.subnet), parseSubnet(pool.range ?? pool.subnet)]
  const size = subnetSize(part)
  const tries = size < mostTries ? size : mostTries
  for (let step = 0n; step < tries; step++) {
    const address = addressAt(part, (start + step) % size)
    const name = formatAddress(address)
    if (!isHostAddress(whole, address) || isReserved(pool, name)) continue
    const path = join(folder, name)
    if (claimFile(path, request.containerId)) return address
    if (reclaim(folder, path, request) && claimFile(path, request.containerId)) return address
  }
  return undefined
}

function leaseWanted(
  folder: string,
  pools: readonly AddressPool[],
  wanted: string,
  request: LeaseRequest,
): Leased {
  const found = requireInPool(pools, wanted)
  const { address, pool } = found
  const detail = { address: wanted, subnet: pool.subnet }
  const name = formatAddress(address)
  if (!isReserved(pool, name)) {
    const path = join(folder, name)
    if (claimFile(path, request.containerId)) return found
    if (reclaim(folder, path, request) && claimFile(path, request.containerId)) return found
  }
  const holder =
    name === pool.gateway
      ? 'the gateway'
      : isReserved(pool, name)
        ? 'reserved by --aux-address'
        : (readIfPresent(join(folder, name)) ?? '')
  throw new OperationError(
    'ALREADY_EXISTS',
    `lease the address ${wanted}: it is already in use`,
    { ...detail, holder },
    { hint: 'Leave --ip out for a free one' },
  )
}

const lastFile = 'last-address'
/** Characters of an IPv6 address that carries an IPv4 one. */
const longestAddress = 45

function leaseNext(
  folders: NetworkFolders,
  network: Network,
  family: 'ipv4' | 'ipv6',
  request: LeaseRequest,
): Leased {
  const folder = addressLeasesFolder(folders, network.name)
  const pointer = join(networkRunFolder(folders, network.name), lastFile)
  const last = parseAddress(readIfPresent(pointer)?.trim() ?? '')
  const isTaken = leasesIn(folder)
  const pools = poolsOf(network, family)
  for (const mayReclaim of [false, true])
    for (const pool of pools)
      for (const address of addressesFrom(pool, last)) {
        const name = formatAddress(address)
        const path = join(folder, name)
        if (isTaken(name) && !(mayReclaim && reclaim(folder, path, request))) continue
        if (!claimFile(path, request.containerId)) continue
        rememberAddress(pointer, name)
        return { address, pool }
      }
  throw noneFree(network, pools)
}

/** Looks at files, before a whole folder is read: nearly always the first address or so is free. */
const singleLooks = 8

/** Whether there is a lease of an address, as one search for a free one sees it. */
function leasesIn(folder: string): (name: string) => boolean {
  let looks = 0
  let all: ReadonlySet<string> | undefined
  return (name) => {
    if (all) return all.has(name)
    looks += 1
    if (looks <= singleLooks) return existsSync(join(folder, name))
    all = new Set(listNames(folder))
    return all.has(name)
  }
}

/** What a range has to give out, from the address after the last that was given. */
function* addressesFrom(pool: AddressPool, last: Uint8Array | undefined): Generator<Uint8Array> {
  const whole = parseSubnet(pool.subnet)
  const part = pool.range === undefined ? whole : parseSubnet(pool.range)
  const first = addressNumber(part.address)
  const size = subnetSize(part)
  const start = last && contains(part, last) ? addressNumber(last) - first : size - 1n
  for (let step = 1n; step <= size; step++) {
    const address = addressAt(part, (start + step) % size)
    if (isHostAddress(whole, address) && !isReserved(pool, formatAddress(address))) yield address
  }
}

/**
 * Overwritten in place, padded to one length: a file that is cut to nothing and written anew is
 * flushed to disk when it is closed (ext4, auto_da_alloc), which each start would wait for.
 */
function rememberAddress(pointer: string, name: string): void {
  const file = openSync(pointer, constants.O_WRONLY | constants.O_CREAT, 0o600)
  try {
    writeSync(file, name.padEnd(longestAddress))
  } finally {
    closeSync(file)
  }
}

/**
 * Unlink a lease whose holder is gone. Under a lock, and read again under it: two that found the
 * same stale lease must not unlink what one of them has made in its place.
 */
function reclaim(folder: string, path: string, { isHolding }: LeaseRequest): boolean {
  const holder = readIfPresent(path)
  if (holder === undefined) return true
  if (isHolding(holder, path)) return false
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  using _lock = lockSync(join(folder, '.lock'))
  if (readIfPresent(path) !== holder) return false
  unlinkIfPresent(path)
  return true
}
