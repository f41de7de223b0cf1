import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { probeBind } from '../../native/bind-probe.ts'
import { errnoName } from '../../native/errno.ts'
import { OperationError } from '../../native/error.ts'
import { lockSync } from '../../native/lock.ts'
import { removeElements } from './firewall.ts'
import { formatAddress, isUnspecified, requireAddress } from './ip-address.ts'
import type { NetworkFolders } from './network.ts'
import { claimFile, listNames, portLeasesFolder, readIfPresent } from './network-files.ts'
import { parseExposedPorts, parsePortSpec } from './port-spec.ts'
import type { PortRange, PortRequest } from './port-spec.ts'
import {
  formatPortLease,
  hostPortOfLease,
  parsePortLease,
  portElement,
  portLeaseName,
} from './published-port.ts'
import type { HostPort, PortBinding } from './published-port.ts'

/** What `-p`, `-P` and the image ask for. */
export interface PortWish extends Omit<PortReservation, 'folders' | 'requests'> {
  /** `-p` values. */
  readonly publish: readonly string[]
  /** With `-P`: every exposed port, as `80/tcp`; else nothing. */
  readonly exposed: readonly string[]
}

/** A holder of ports to be. */
export interface PortReservation {
  readonly folders: NetworkFolders
  readonly containerId: string
  /** Addresses of the container that ports lead to. */
  readonly ipv4?: string | undefined
  readonly ipv6?: string | undefined
  readonly requests: readonly PortRequest[]
  /** 0, or the negative errno of binding the port. Absent: this process tries it itself. */
  readonly probe?: ((binding: PortBinding) => number) | undefined
  /** As of leaseAddress. */
  readonly isHolding: (containerId: string) => boolean
}

export interface ReservedPorts {
  readonly bindings: readonly PortBinding[]
  /** Absolute paths of the lease files. */
  readonly leases: readonly string[]
}

/**
 * Reserve host ports for a container: free by a bind probe, and ours by a lease file each, so that
 * two containers conflict before either starts. All or none.
 *
 * @throws {OperationError} `ALREADY_EXISTS` naming the port and, where one of ours has it, the
 *   container; `INVALID_ARGUMENT` for an address that the host does not have
 */
function reservePorts(reservation: PortReservation): ReservedPorts {
  const bindings: PortBinding[] = []
  const files: string[] = []
  try {
    for (const request of reservation.requests) reserveOne(reservation, request, bindings, files)
    return { bindings, leases: files }
  } catch (error) {
    for (const file of files) unlinkIfPresent(file)
    throw error
  }
}

/**
 * Reserve what a container's options ask for: `-p` values, and for `-P` a free port for each exposed
 * one that none of them publishes. See reservePorts.
 */
export function leasePorts(folders: NetworkFolders, wish: PortWish): ReservedPorts {
  const published = wish.publish.flatMap(parsePortSpec)
  const exposed = wish.exposed
    .flatMap(parseExposedPorts)
    .filter(
      ({ port, protocol }) =>
        !published.some((one) => one.containerPort === port && one.protocol === protocol),
    )
    .map(({ port, protocol }) => ({ containerPort: port, protocol }))
  return reservePorts({ ...wish, folders, requests: [...published, ...exposed] })
}

/** Where one request's port is to be: on one address, or on every one of each family. */
function hostAddresses(reservation: PortReservation, { hostIp }: PortRequest): string[] {
  const { ipv4, ipv6 } = reservation
  if (hostIp === undefined)
    return [...(ipv4 === undefined ? [] : ['0.0.0.0']), ...(ipv6 === undefined ? [] : ['::'])]
  if (hostIp === '::1')
    throw new OperationError(
      'UNSUPPORTED',
      'publish a port',
      { hostIp },
      {
        hint: 'Linux sends nothing from ::1 to a container: publish on 127.0.0.1, on every address, or on another address of the host',
      },
    )
  if (!hostIp.includes(':') && ipv4 === undefined)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'publish a port',
      { hostIp },
      {
        hint: 'The container has no IPv4 address: publish on [::], or make the network with --ipv6 and without a --subnet',
      },
    )
  if (hostIp.includes(':') && ipv6 === undefined)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'publish a port',
      { hostIp },
      { hint: 'The container has no IPv6 address: make the network with --ipv6' },
    )
  return [hostIp]
}

function reserveOne(
  reservation: PortReservation,
  request: PortRequest,
  bindings: PortBinding[],
  files: string[],
): void {
  const addresses = hostAddresses(reservation, request)
  const single = request.hostPorts && request.hostPorts.first === request.hostPorts.last
  let conflict: OperationError | undefined
  for (const hostPort of candidates(request.hostPorts)) {
    const wanted = addresses.map((hostIp) => ({
      ...bindingOf(reservation, request, hostIp),
      hostPort,
    }))
    const claimed: string[] = []
    conflict = claimAll(reservation, wanted, claimed)
    if (!conflict) {
      bindings.push(...wanted)
      files.push(...claimed)
      return
    }
    for (const file of claimed) unlinkIfPresent(file)
    if (single) break
  }
  throw conflict ?? new OperationError('INTERNAL', 'choose a host port')
}

function bindingOf(
  { ipv4, ipv6 }: PortReservation,
  { containerPort, protocol }: PortRequest,
  hostIp: string,
): Omit<PortBinding, 'hostPort'> {
  const targetIp = (hostIp.includes(':') ? ipv6 : ipv4) ?? ''
  return { hostIp, protocol, targetIp, containerPort }
}

/** Ports to try, in order; from a random start where the choice is ours. */
function* candidates(range: PortRange | undefined): Generator<number> {
  const { first, last } = range ?? localPortRange()
  const count = last - first + 1
  const start = range ? 0 : Math.floor(Math.random() * count)
  for (let step = 0; step < count; step++) yield first + ((start + step) % count)
}

/** Ports that the kernel gives to sockets that ask for none, ip(7). */
function localPortRange(): PortRange {
  const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
  const [first = 32_768, last = 60_999] = text.trim().split(/\s+/).map(Number)
  return { first, last }
}

function claimAll(
  reservation: PortReservation,
  wanted: readonly PortBinding[],
  claimed: string[],
): OperationError | undefined {
  try {
    for (const binding of wanted) {
      const conflict = claimPort(reservation, binding, claimed)
      if (conflict) return conflict
    }
    return undefined
  } catch (error) {
    for (const file of claimed) unlinkIfPresent(file)
    throw error
  }
}

function claimPort(
  reservation: PortReservation,
  binding: PortBinding,
  claimed: string[],
): OperationError | undefined {
  const { folders, containerId } = reservation
  const path = join(portLeasesFolder(folders), portLeaseName(binding))
  const content = formatPortLease({ container: containerId, ...binding })
  const isOurs =
    claimFile(path, content) || (reclaimPort(reservation, binding) && claimFile(path, content))
  if (!isOurs) return conflictWith(binding, path)
  claimed.push(path)
  const other = findOverlap(reservation, binding)
  if (other) return conflictWith(binding, join(portLeasesFolder(folders), portLeaseName(other)))
  return probe(reservation, binding)
}

function conflictWith(binding: HostPort, path: string): OperationError {
  const text = readIfPresent(path)
  const container = text === undefined ? '' : parsePortLease(text, path).container
  return portTaken(binding, { container: container.slice(0, 12) })
}

function portTaken(
  { hostIp, hostPort, protocol }: HostPort,
  owner: Readonly<Record<string, string>>,
): OperationError {
  return new OperationError(
    'ALREADY_EXISTS',
    `publish port ${hostPort}/${protocol}: it is already in use`,
    { port: hostPort, protocol, hostIp, ...owner },
    { hint: `Choose another host port, or find its owner with "ss -lnp sport = :${hostPort}"` },
  )
}

/** A lease that shares the port because one of the two is on every address of the family. */
function findOverlap(reservation: PortReservation, binding: HostPort): HostPort | undefined {
  const own = requireAddress(binding.hostIp, 'a host address')
  return listNames(portLeasesFolder(reservation.folders))
    .filter((name) => name.endsWith(`_${binding.protocol}_${binding.hostPort}`))
    .flatMap((name) => hostPortOfLease(name) ?? [])
    .find((other) => {
      const address = requireAddress(other.hostIp, 'a host address')
      if (formatAddress(address) === formatAddress(own) || address.length !== own.length)
        return false
      return (isUnspecified(address) || isUnspecified(own)) && !reclaimPort(reservation, other)
    })
}

/** Take a port back from a container that is gone: its lease and, first, its map element. */
function reclaimPort({ folders, isHolding }: PortReservation, port: HostPort): boolean {
  const folder = portLeasesFolder(folders)
  const path = join(folder, portLeaseName(port))
  const text = readIfPresent(path)
  if (text === undefined) return true
  const lease = parsePortLease(text, path)
  if (isHolding(lease.container)) return false
  using _lock = lockSync(join(folder, '.lock'))
  if (readIfPresent(path) !== text) return false
  const { map, element } = portElement({ ...port, ...lease })
  removeElements(folders, [{ set: map, element: { key: element.key } }])
  unlinkIfPresent(path)
  return true
}

function tryBind({ hostIp, hostPort, protocol }: PortBinding): number {
  return probeBind(requireAddress(hostIp, 'a host address'), hostPort, protocol)
}

/** Ask the kernel whether a program of the host has the port. */
function probe(
  { probe: ask = tryBind }: PortReservation,
  binding: PortBinding,
): OperationError | undefined {
  const errno = errnoName(ask(binding))
  switch (errno) {
    case 'EADDRINUSE':
      return portTaken(binding, { holder: 'a program of the host' })
    case 'EADDRNOTAVAIL':
      throw new OperationError(
        'INVALID_ARGUMENT',
        'publish a port',
        { hostIp: binding.hostIp, port: binding.hostPort },
        { hint: 'No interface of this host has that address' },
      )
    case 'EACCES':
      throw new OperationError(
        'UNSUPPORTED',
        'publish a port',
        { port: binding.hostPort, errno },
        {
          hint: 'Ports below net.ipv4.ip_unprivileged_port_start need root: choose a higher one, or have root run "sysctl -w net.ipv4.ip_unprivileged_port_start=80"',
        },
      )
    default:
      // Free, or a protocol that the kernel has no sockets for and only forwards.
      return undefined
  }
}
