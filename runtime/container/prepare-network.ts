import { OperationError } from '../../native/error.ts'
import { isShared, planAttachment, planLoopback } from '../network/attachment.ts'
import { releaseLeases } from '../network/lease.ts'
import type { NetworkAttachment } from '../network/netlink-exchange.ts'
import { driverOf, hasNameServer } from '../network/network.ts'
import { requireNetwork } from '../network/network-store.ts'
import { type ReservedPorts, leasePorts } from '../network/port-lease.ts'
import type { PortBinding } from '../network/published-port.ts'
import type { EngineContext } from './engine-context.ts'
import { mayHoldLeases } from './holds-leases.ts'
import { type IdentityTexts, identityTexts } from './identity-texts.ts'
import {
  type Joined,
  announce,
  describeAttachment,
  joinNetwork,
  lookAgain,
} from './join-network.ts'
import { linkedHosts } from './links.ts'
import { namedNetworks } from './network-membership.ts'
import type { HostEntry } from './options.ts'
import type { ContainerRecord } from './record.ts'
import { isNamedInHosts, peersOf } from './refresh-peers.ts'
import { forwardedPorts, portProbe } from './rootless-ports.ts'
import type { SpareNetwork } from './spare-networks.ts'
import type { ContainerNetwork } from './state.ts'

/** A container's network as reserved for one start. */
export interface PreparedNetwork {
  /** For the start program; undefined where another network namespace is joined or kept. */
  readonly attachment: NetworkAttachment | undefined
  readonly state: ContainerNetwork | undefined
  /** To be called once the start is under way. */
  readonly lookAgain?: (() => void) | undefined
  /** What the attachment joins, until the container has. */
  readonly spare?: SpareNetwork | undefined
  /** Files to unlink when the container has ended. */
  readonly leases: readonly string[]
  /** Text of /etc/hosts; undefined where another container's file is shown. */
  readonly hosts: string | undefined
  readonly resolvConf: string | undefined
}

export interface StartNetworkWish {
  /** Reserve only: networks are left as they are. */
  readonly isDryRun?: boolean | undefined
  /** The container has a user namespace, which its network namespace must belong to. */
  readonly isMapped: boolean
}

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
  const names = namedNetworks(mode)
  if (withInterfaces(context, names).length === 0) {
    const attachment = planLoopback()
    const state = { attachments: [], ports: [] }
    return { ...noNetwork(), attachment, state, ...identityTexts(record, {}) }
  }
  const joined: Joined[] = []
  const leases: string[] = []
  let spare: SpareNetwork | undefined
  try {
    for (const name of withInterfaces(context, names)) {
      const one = joinNetwork(context, record, name, isDryRun, true)
      joined.push(one)
      leases.push(...one.lease.files)
      if (one.network.dns && !isDryRun) leases.push(await announce(context, record, one))
    }
    const ports = reserveHostPorts(context, record, joined)
    leases.push(...ports.leases)
    const isPlain = ports.bindings.length === 0 && !isMapped && !isDryRun
    spare = isPlain ? useSpare(context, joined) : undefined
    const attachment = {
      ...attach(context, joined, ports.bindings),
      forwarded: forwardedPorts(context, ports.bindings),
    }
    const state = describeNetwork(record, joined, ports.bindings)
    const serving = joined.find(({ network }) => hasNameServer(network))?.lease
    const nameServer = (serving?.ipv4 ?? serving?.ipv6)?.gateway
    const { attachments } = state
    return {
      attachment,
      lookAgain: () => lookAgain(context, joined),
      spare,
      state,
      leases,
      ...withPeers(
        context,
        record,
        joined,
        identityTexts(record, { attachments, nameServer, links: linksOf(context, record) }),
      ),
    }
  } catch (error) {
    spare?.release()
    releaseLeases(leases)
    throw error
  }
}

/** Names of who is there already, where each container has them in its hosts file. */
function withPeers(
  { folders }: EngineContext,
  { id }: ContainerRecord,
  joined: readonly Joined[],
  texts: IdentityTexts,
): IdentityTexts {
  const lines = joined
    .filter(({ network }) => network.dns && isNamedInHosts(network))
    .flatMap(({ network }) => peersOf(folders, network, id))
  return { ...texts, hosts: `${texts.hosts}${lines.map((line) => `${line}\n`).join('')}` }
}

function linksOf({ folders }: EngineContext, { options }: ContainerRecord): HostEntry[] {
  return options.network.links ? linkedHosts(folders, options) : []
}

/** A network of driver `none` gives its containers nothing. */
function withInterfaces({ folders }: EngineContext, names: readonly string[]): readonly string[] {
  return names.filter((name) => driverOf(requireNetwork(folders, name)) !== 'none')
}

/** Take the interface that was made ahead, where the only network of the container has one. */
function useSpare({ spares }: EngineContext, joined: Joined[]): SpareNetwork | undefined {
  const [only] = joined
  if (!spares || !only || joined.length > 1 || isShared(only.network)) return undefined
  const spare = spares.take(only.network, only.device)
  if (spare) joined[0] = { ...only, nonce: spare.nonce, namespace: spare }
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

function reserveHostPorts(
  context: EngineContext,
  record: ContainerRecord,
  joined: readonly Joined[],
): ReservedPorts {
  const { folders } = context
  const { publish, publishAll } = record.options.network
  const first = joined[0]
  const isWanted = publish.length > 0 || publishAll
  if (first && isWanted && isShared(first.network))
    throw new OperationError(
      'UNSUPPORTED',
      `publish a port of a container in the ${driverOf(first.network)} network ${first.network.name}`,
      {},
      {
        hint: 'It has an address of its own beside the host’s: leave -p out, or name a bridge network first',
      },
    )
  if (!first || (publish.length === 0 && !publishAll)) return { bindings: [], leases: [] }
  return leasePorts(folders, {
    containerId: record.id,
    publish,
    exposed: publishAll ? record.resolved.exposedPorts : [],
    ipv4: first.lease.ipv4?.address,
    ipv6: first.lease.ipv6?.address,
    probe: portProbe(context),
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
    namespace: joined[0]?.namespace?.path,
    host: parts.flatMap(({ host }) => host),
    inside: parts.flatMap(({ inside }) => inside),
    held: parts.flatMap(({ held }) => held),
    cleanup: parts.flatMap(({ cleanup }) => cleanup),
    closing: parts.flatMap(({ closing }) => closing),
    leases: [],
  }
}

function describeNetwork(
  record: ContainerRecord,
  joined: readonly Joined[],
  ports: readonly PortBinding[],
): ContainerNetwork {
  return {
    attachments: joined.map((one, position) => describeAttachment(record, one, position)),
    ports: ports.map(({ containerPort, protocol, hostIp, hostPort }) => ({
      containerPort,
      protocol,
      hostIp,
      hostPort,
    })),
  }
}
