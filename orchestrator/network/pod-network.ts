import { randomBelow } from '../../native/random.ts'
import { hostInterfaceName, planAttachment } from '../../runtime/network/attachment.ts'
import { setUpBridge } from '../../runtime/network/bridge.ts'
import type { NetworkAttachment } from '../../runtime/network/netlink-exchange.ts'
import type { Network } from '../../runtime/network/network.ts'
import { findStandingBridge } from '../../runtime/network/standing-bridge.ts'
import { ensureSysctl } from '../../runtime/network/sysctl-file.ts'
import { openPodAddresses, toNumber, toText } from './pod-addresses.ts'

/** What the program that makes a pod's namespaces does for its interface. */
export interface PodAttachment {
  readonly address: string
  /** The node's end of the pair. */
  readonly hostInterface: string
  readonly attachment: NetworkAttachment
}

/** The pods' side of a node's network: a bridge with the node's range of addresses. */
export interface PodNetwork {
  readonly cidr: string
  /** The bridge's address: the pods' way out. */
  readonly gateway: string
  readonly bridge: string
  /** Reserve an address and say how to make the interface. @throws {OperationError} `BAD_STATE` when the range is used up */
  plan(podUid: string): PodAttachment
  /** The interface goes with its namespace; this gives the address back. */
  release(podUid: string): void
  /** Give back the addresses of pods that are not known any more. */
  keepOnly(podUids: ReadonlySet<string>): void
}

export interface PodNetworkOptions {
  /** Where addresses are written down. */
  readonly folder: string
  /** The node's range, like `10.244.1.0/24`. */
  readonly cidr: string
  /** Default `mypod0`; nodes of one network namespace need names of their own. */
  readonly bridge?: string
  /**
   * Pods reach each other by way of the node, not by the bridge alone: answers of a pod next door to a service's client
   * then pass the node's rules, which have to translate them back, wherever the kernel shows bridged packets to nobody.
   */
  readonly isRouted?: boolean
  /** Bytes; absent: as the default route's interface. */
  readonly mtu?: number | undefined
}

/** 2^30: a nonce below makes a free interface index and name of it. */
const nonceRange = 2 ** 30

/** @throws {OperationError} `UNSUPPORTED` where the kernel has no bridges */
export function openPodNetwork(options: PodNetworkOptions): PodNetwork {
  const { folder, cidr, bridge = 'mypod0', isRouted = false, mtu } = options
  const [base = '', length = '24'] = cidr.split('/')
  const gateway = toText(toNumber(base) + 1)
  const addresses = openPodAddresses(folder, cidr)
  const network: Network = {
    id: `pods-${bridge}-${cidr}`,
    name: 'pods',
    bridge,
    ipv4: { subnet: cidr, gateway },
    internal: false,
    dns: false,
    mtu,
    labels: {},
    created: '',
  }
  setUpBridge(network)
  if (isRouted) keepRoutesLong(bridge)
  return {
    cidr,
    gateway,
    bridge,
    plan: (podUid) => {
      const look = findStandingBridge(network)
      const device =
        look && !look.isStale
          ? { ...look.bridge, isNew: false, warnings: [] }
          : { ...setUpBridge(network), warnings: [] }
      const address = addresses.take(podUid)
      const nonce = randomBelow(nonceRange)
      const attachment = planAttachment({
        folders: { runDir: '', dataDir: '', root: undefined },
        network,
        device,
        lease: {
          ipv4: { address, prefixLength: isRouted ? 32 : Number(length), gateway },
          mac: macOf(address),
          files: [],
        },
        position: 0,
        nonce,
        defaultRoute: true,
        // A service may send a pod to itself.
        hairpin: true,
        ports: [],
        portLeases: [],
      })
      return { address, hostInterface: hostInterfaceName(nonce), attachment }
    },
    release: (podUid) => addresses.release(podUid),
    keepOnly: (podUids) => {
      for (const owner of addresses.owners()) if (!podUids.has(owner)) addresses.release(owner)
    },
  }
}

/** The kernel would tell pods that they are neighbours, and they would go round the node. */
function keepRoutesLong(bridge: string): void {
  for (const name of ['all', bridge]) ensureSysctl(`net/ipv4/conf/${name}/send_redirects`, '0')
}

/** Locally administered, and the same for the same address: neighbours need not learn it anew. */
function macOf(address: string): string {
  const parts = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return `0a:58:${parts.join(':')}`
}
