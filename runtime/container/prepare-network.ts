import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { randomBelow } from '../../native/random.ts'
import { hostname as readHostname } from 'node:os'
import { hostInterfaceName, planAttachment, planLoopback } from '../network/attachment.ts'
import {
  type NetworkDevice,
  ensureNetwork,
  lookAtNetwork,
  reattachToBridge,
} from '../network/bridge.ts'
import { renderHosts } from '../network/hosts-file.ts'
import { type AddressLease, leaseAddress, releaseLeases } from '../network/lease.ts'
import type { NetworkAttachment } from '../network/netlink-exchange.ts'
import { type Network, defaultNetworkName } from '../network/network.ts'
import { writeNameRecord } from '../network/name-records.ts'
import { ensureNameServer } from '../network/name-server.ts'
import { requireNetwork } from '../network/network-store.ts'
import type { NetworkWish } from './options.ts'
import { type ReservedPorts, leasePorts } from '../network/port-lease.ts'
import { hostHasIpv6 } from '../network/host-network.ts'
import type { PortBinding } from '../network/published-port.ts'
import { renderResolvConf } from '../network/resolv-conf.ts'
import { readTextIfPresent } from './durable-file.ts'
import type { EngineContext } from './engine-context.ts'
import { mayHoldLeases } from './holds-leases.ts'
import { ourCommand } from './monitor-commands.ts'
import { readState } from './read-state.ts'
import type { ContainerRecord } from './record.ts'
import { listRecords } from './record-store.ts'
import type { SpareNetwork } from './spare-networks.ts'
import type { ContainerNetwork } from './state.ts'

/** A container's network as reserved for one start. */
export interface PreparedNetwork {
  /** For the start program; undefined where another network namespace is joined or kept. */
  readonly attachment: NetworkAttachment | undefined
  readonly state: ContainerNetwork | undefined
  /** What the attachment joins, until the container has. */
  readonly spare?: SpareNetwork | undefined
  /** Files to unlink when the container has ended. */
  readonly leases: readonly string[]
  /** Text of /etc/hosts; undefined where another container's file is shown. */
  readonly hosts: string | undefined
  readonly resolvConf: string | undefined
}

interface Joined {
  readonly network: Network
  readonly device: NetworkDevice
  readonly lease: AddressLease
  /** As of `planAttachment`. */
  readonly nonce: number
  /** Where the interface was made ahead. */
  readonly namespace?: string | undefined
}

export interface StartNetworkWish {
  /** Reserve only: networks are left as they are. */
  readonly isDryRun?: boolean | undefined
  /** The container has a user namespace, which its network namespace must belong to. */
  readonly isMapped: boolean
}

/** 2^30: a nonce below makes a free interface index and name of it. */
const nonceRange = 2 ** 30

/**
 * Reserve addresses and ports for one start, and see to it that the networks work.
 *
 * @throws {OperationError} `ALREADY_EXISTS` for an address or port that is taken, `UNSUPPORTED`,
 *   `NOT_FOUND`; what was reserved until then is given back
 */
export async function prepareNetwork(
  context: EngineContext,
  record: ContainerRecord,
  { isDryRun = false, isMapped }: StartNetworkWish,
): Promise<PreparedNetwork> {
  const { mode } = record.options.network
  if (mode.kind === 'host') return { ...noNetwork(), ...identityTexts(record, { isHost: true }) }
  if (mode.kind === 'container' || mode.kind === 'path') return noNetwork()
  if (mode.kind === 'none') {
    const attachment = planLoopback()
    const state = { attachments: [], ports: [] }
    return { ...noNetwork(), attachment, state, ...identityTexts(record, {}) }
  }
  const names = mode.kind === 'networks' ? mode.names : [defaultNetworkName]
  const joined: Joined[] = []
  const leases: string[] = []
  let spare: SpareNetwork | undefined
  try {
    for (const name of names) {
      const one = joinNetwork(context, record, name, isDryRun)
      joined.push(one)
      leases.push(...one.lease.files)
      if (one.network.dns && !isDryRun) leases.push(await announce(context, record, one))
    }
    const ports = reserveHostPorts(context, record, joined)
    leases.push(...ports.leases)
    const isPlain = ports.bindings.length === 0 && !isMapped && !isDryRun
    spare = isPlain ? useSpare(context, joined) : undefined
    const attachment = attach(context, joined, ports.bindings)
    return {
      attachment,
      spare,
      state: describeNetwork(record, joined, ports.bindings),
      leases,
      ...identityTexts(record, { joined }),
    }
  } catch (error) {
    spare?.release()
    releaseLeases(leases)
    throw error
  }
}

/** Take the interface that was made ahead, where the only network of the container has one. */
function useSpare({ spares }: EngineContext, joined: Joined[]): SpareNetwork | undefined {
  const [only] = joined
  if (!spares || !only || joined.length > 1) return undefined
  const spare = spares.take(only.network, only.device)
  if (spare) joined[0] = { ...only, nonce: spare.nonce, namespace: spare.path }
  return spare
}

function noNetwork(): PreparedNetwork {
  return {
    attachment: undefined,
    state: undefined,
    leases: [],
    hosts: undefined,
    resolvConf: undefined,
  }
}

function joinNetwork(
  context: EngineContext,
  record: ContainerRecord,
  name: string,
  isDryRun: boolean,
): Joined {
  const { folders } = context
  const network = requireNetwork(folders, name)
  const device = isDryRun ? lookAtNetwork(network) : ensureNetwork(folders, network)
  if (device.isNew) restoreAttachments(context, network, device)
  const { ip, ip6, mac } = wishFor(record, name)
  const lease = leaseAddress(folders, network, {
    containerId: record.id,
    ip,
    ip6,
    mac,
    ipv6: device.ipv6,
    isHolding: (id) => mayHoldLeases(folders, id),
  })
  return { network, device, lease, nonce: randomBelow(nonceRange) }
}

/** What is wanted in one network: what was said with its name, and what was said for all of them. */
function wishFor({ options }: ContainerRecord, name: string): NetworkWish & { aliases: string[] } {
  const { mode, ip, ip6, mac, aliases } = options.network
  const own = mode.kind === 'networks' ? mode.wishes?.[name] : undefined
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(mac === undefined ? {} : { mac }),
    ...own,
    aliases: [...new Set([...aliases, ...(own?.aliases ?? [])])],
  }
}

/** Somebody deleted the bridge under running containers: their cables still hang there. */
function restoreAttachments(
  { folders }: EngineContext,
  { id }: Network,
  device: NetworkDevice,
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
async function announce(
  context: EngineContext,
  record: ContainerRecord,
  { network, lease }: Joined,
): Promise<string> {
  const { name, id, options } = record
  const file = writeNameRecord(context.folders, network.name, {
    containerId: id,
    names: [name, ...wishFor(record, network.name).aliases, id.slice(0, 12)],
    ipv4: lease.ipv4.address,
    ...(lease.ipv6 ? { ipv6: lease.ipv6.address } : {}),
    upstreams: options.network.dns,
  })
  try {
    await ensureNameServer(context.folders, network, ourCommand(context, 'names', network.name))
    return file
  } catch (error) {
    unlinkIfPresent(file)
    throw error
  }
}

function reserveHostPorts(
  { folders }: EngineContext,
  record: ContainerRecord,
  joined: readonly Joined[],
): ReservedPorts {
  const { publish, publishAll } = record.options.network
  const first = joined[0]
  if (!first || (publish.length === 0 && !publishAll)) return { bindings: [], leases: [] }
  return leasePorts(folders, {
    containerId: record.id,
    publish,
    exposed: publishAll ? record.resolved.exposedPorts : [],
    ipv4: first.lease.ipv4.address,
    ipv6: first.lease.ipv6?.address,
    isHolding: (id) => mayHoldLeases(folders, id),
  })
}

function attach(
  { folders }: EngineContext,
  joined: readonly Joined[],
  ports: readonly PortBinding[],
): NetworkAttachment {
  const defaultRoute = joined.findIndex(({ network }) => !network.internal)
  const parts = joined.map((one, position) =>
    planAttachment({
      folders,
      ...one,
      position,
      defaultRoute: position === defaultRoute,
      ports: position === 0 ? ports : [],
      portLeases: [],
    }),
  )
  return {
    namespace: joined[0]?.namespace,
    host: parts.flatMap(({ host }) => host),
    inside: parts.flatMap(({ inside }) => inside),
    held: parts.flatMap(({ held }) => held),
    cleanup: parts.flatMap(({ cleanup }) => cleanup),
    leases: [],
  }
}

function describeNetwork(
  record: ContainerRecord,
  joined: readonly Joined[],
  ports: readonly PortBinding[],
): ContainerNetwork {
  return {
    attachments: joined.map(({ network, lease, nonce }, position) => ({
      network: network.name,
      networkId: network.id,
      interfaceName: `eth${position}`,
      hostInterface: hostInterfaceName(nonce),
      ipv4: lease.ipv4.address,
      ipv4PrefixLength: lease.ipv4.prefixLength,
      ipv4Gateway: lease.ipv4.gateway,
      ...(lease.ipv6
        ? {
            ipv6: lease.ipv6.address,
            ipv6PrefixLength: lease.ipv6.prefixLength,
            ipv6Gateway: lease.ipv6.gateway,
          }
        : {}),
      mac: lease.mac,
      aliases: wishFor(record, network.name).aliases,
    })),
    ports: ports.map(({ containerPort, protocol, hostIp, hostPort }) => ({
      containerPort,
      protocol,
      hostIp,
      hostPort,
    })),
  }
}

interface IdentitySource {
  readonly joined?: readonly Joined[]
  /** The container shares the host's network. */
  readonly isHost?: boolean
}

function identityTexts(
  { id, options }: ContainerRecord,
  { joined = [], isHost = false }: IdentitySource,
): Pick<PreparedNetwork, 'hosts' | 'resolvConf'> {
  const { network, hostname, domainname } = options
  const ipv6 = isHost ? hostHasIpv6() : joined.some(({ device }) => device.ipv6)
  const withDns = joined.find((one) => one.network.dns)
  return {
    hosts: renderHosts({
      hostname: isHost ? readHostname() : (hostname ?? id.slice(0, 12)),
      domainname,
      addresses: joined.flatMap(({ lease }) => [
        lease.ipv4.address,
        ...(lease.ipv6 ? [lease.ipv6.address] : []),
      ]),
      addHosts: network.addHosts,
      gateway: isHost ? '127.0.0.1' : joined[0]?.network.ipv4.gateway,
      ipv6,
    }),
    resolvConf: renderResolvConf({
      host: readTextIfPresent('/etc/resolv.conf') ?? '',
      dns: network.dns,
      search: network.dnsSearch,
      options: network.dnsOptions,
      nameServer: withDns?.network.ipv4.gateway,
      hostNetwork: isHost,
      ipv6,
    }),
  }
}
