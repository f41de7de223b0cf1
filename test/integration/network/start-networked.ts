import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { planAttachment } from '../../../runtime/network/attachment.ts'
import { ensureNetwork, removeNetwork } from '../../../runtime/network/bridge.ts'
import { removeFirewall } from '../../../runtime/network/firewall.ts'
import { leaseAddress, releaseLeases } from '../../../runtime/network/lease.ts'
import type { AddressLease, LeasedAddress } from '../../../runtime/network/lease.ts'
import type { NetworkAttachment } from '../../../runtime/network/netlink-exchange.ts'
import type { Network, NetworkFolders } from '../../../runtime/network/network.ts'
import { listNetworks } from '../../../runtime/network/network-store.ts'
import { leasePorts } from '../../../runtime/network/port-lease.ts'
import { sendExchanges } from '../../../runtime/network/send-exchange.ts'
import { startStandIn } from './stand-in-container.ts'
import type { StandIn } from './stand-in-container.ts'

/** State folders of a test; what it made in the kernel and on disk goes with it. */
export function newFolders(t: Test): NetworkFolders {
  const root = mkdtempSync(join(tmpdir(), 'mc-network-'))
  const folders = { runDir: join(root, 'run'), dataDir: join(root, 'data'), root }
  t.teardown(() => {
    for (const network of listNetworks(folders)) removeNetwork(folders, network)
    removeFirewall(folders)
    rmSync(root, { recursive: true, force: true })
  })
  return folders
}

export interface Networked extends StandIn {
  readonly id: string
  readonly lease: AddressLease & { readonly ipv4: LeasedAddress }
  readonly attachment: NetworkAttachment
  /** What the monitor does when a container has ended. */
  cleanUp(): Promise<void>
}

const isHolding = (): boolean => true

/** Put a stand-in into a network as the engine does, with published ports. */
export async function startNetworked(
  t: Test,
  folders: NetworkFolders,
  network: Network,
  publish: readonly string[] = [],
): Promise<Networked> {
  const id = randomBytes(32).toString('hex')
  const device = ensureNetwork(folders, network)
  const leased = leaseAddress(folders, network, { containerId: id, ipv6: device.ipv6, isHolding })
  if (!leased.ipv4) throw new Error('the network has IPv6 alone')
  const lease = { ...leased, ipv4: leased.ipv4 }
  const ports = leasePorts(folders, {
    containerId: id,
    ipv4: lease.ipv4.address,
    ipv6: lease.ipv6?.address,
    publish,
    exposed: [],
    isHolding,
  })
  const attachment = planAttachment({
    folders,
    network,
    device,
    lease,
    position: 0,
    nonce: randomInt(2 ** 30),
    defaultRoute: !network.internal,
    ports: ports.bindings,
    portLeases: ports.leases,
  })
  const standIn = await startStandIn()
  t.teardown(() => standIn.end())
  standIn.attach(attachment)
  const cleanUp = async (): Promise<void> => {
    await standIn.end()
    sendExchanges(attachment.cleanup)
    releaseLeases(attachment.leases)
  }
  return { ...standIn, id, lease, attachment, cleanUp }
}
