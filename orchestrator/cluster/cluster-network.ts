import { mkdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { openNetlinkSocket, requireAck } from '../../native/netlink-socket.ts'
import { openContext } from '../../runtime/container/open-engine.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { findLink } from '../../runtime/network/host-network.ts'
import { deleteLink, setLink } from '../../runtime/network/rtnetlink/link.ts'
import { encodeRouteChanges } from '../../runtime/network/rtnetlink/request.ts'
import type { RouteRequest } from '../../runtime/network/rtnetlink/request.ts'
import { openPodNetwork } from '../network/pod-network.ts'
import { toNumber, toText } from '../network/pod-addresses.ts'
import { closeSegmentExit, openSegmentExit } from '../network/segment-exit.ts'
import { findSandbox, makeSandbox, removeSandbox } from '../node/sandbox.ts'
import type { KubeObject } from '../api/object.ts'
import type { ClusterFolder, ClusterRecord } from './cluster-folder.ts'

// The segment of a local cluster: a bridge of this host, and a network namespace for each node with one interface on it.

/** Segments are taken from here, one a cluster. */
const ranges = { prefix: '10.213', count: 256 }

/** A segment that neither another cluster nor an interface of this host has. @throws {OperationError} `BAD_STATE` */
export function chooseSubnet(taken: readonly ClusterRecord[]): string {
  const used = new Set(taken.map(({ subnet }) => subnet))
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  for (let at = 0; at < ranges.count; at++) {
    const base = `${ranges.prefix}.${at}.`
    const subnet = `${base}0/24`
    if (!used.has(subnet) && !own.some(({ address }) => address.startsWith(base))) return subnet
  }
  throw new OperationError('BAD_STATE', 'choose a network for the cluster', {
    ranges: ranges.count,
  })
}

/** The server's address on the segment. */
export function serverAddress({ subnet }: Pick<ClusterRecord, 'subnet'>): string {
  return toText(toNumber(subnet.split('/')[0] ?? '') + 1)
}

/** A bridge's name has 15 letters at most: of long names of clusters the number of the segment is left. */
export function bridgeName(subnet: string): string {
  return `mo${subnet.split('.')[2] ?? '0'}`
}

/** A node's interface is made as a pod's would be; the namespace stays as long as the file that holds it. */
function asPod(node: string): KubeObject {
  const metadata = { name: node, uid: node }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { hostIPC: true } }
}

export interface NodeNamespace {
  /** File of the network namespace. */
  readonly path: string
  readonly address: string
  /** The host's end of its interface. */
  readonly hostInterface: string
}

/** Make the bridge, and a namespace for each node that has none. */
export async function ensureNodeNamespaces(
  folder: ClusterFolder,
  { subnet, bridge }: Pick<ClusterRecord, 'subnet' | 'bridge'>,
  nodes: readonly string[],
): Promise<NodeNamespace[]> {
  mkdirSync(folder.network, { recursive: true, mode: 0o700 })
  const context = openContext(join(folder.network, 'runtime'), process.env)
  try {
    const network = openPodNetwork({
      folder: join(folder.network, 'addresses'),
      cidr: subnet,
      bridge,
    })
    openSegmentExit({ bridge, subnet })
    return await Promise.all(
      nodes.map((name) => ensureNamespace({ context, network }, folder, name)),
    )
  } finally {
    context.zygote.close()
  }
}

async function ensureNamespace(
  tools: { readonly context: EngineContext; readonly network: ReturnType<typeof openPodNetwork> },
  folder: ClusterFolder,
  name: string,
): Promise<NodeNamespace> {
  const place = join(folder.network, name)
  mkdirSync(place, { recursive: true, mode: 0o700 })
  const found = findSandbox(place, asPod(name)) ?? (await makeSandbox(tools, place, asPod(name)))
  const { address, hostInterface, namespaces } = found
  return { path: namespaces.get('net') ?? '', address, hostInterface }
}

/** A node goes: its namespace, and with it all its interfaces. */
export function removeNodeNamespace(folder: ClusterFolder, name: string): void {
  removeSandbox(join(folder.network, name))
}

/** Take the segment away, with the rules that let it out. Fine where it is gone. */
export function removeSegment({ bridge }: Pick<ClusterRecord, 'bridge'>): void {
  closeSegmentExit({ bridge })
  change(bridge, (index) => deleteLink(index), 'delete the bridge of a cluster')
}

/** Cut a node off, or connect it again: its interface is taken down inside its own namespace's other end. */
export function setNodeLink(hostInterface: string, up: boolean): void {
  change(hostInterface, (index) => setLink({ index, up }), up ? 'connect a node' : 'cut a node off')
}

function change(name: string, request: (index: number) => RouteRequest, step: string): void {
  using socket = openNetlinkSocket('route')
  const link = findLink(socket, name)
  if (!link) return
  for (const ack of socket.request(encodeRouteChanges([request(link.index)]), 1))
    requireAck(ack, step, { interface: name })
}
