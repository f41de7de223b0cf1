import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NetlinkSocket } from '../../native/netlink-socket.ts'
import type { Network, NetworkFolders } from './network.ts'
import { networkRunFolder, readIfPresent } from './network-files.ts'
import { decodeGeneration, getGeneration } from './nftables/dump.ts'

// Remembers that the firewall was found intact. The kernel counts every change to any table of a
// network namespace; as long as the count stands, nothing of ours can be missing.

/**
 * State of the firewall in one line: boot, network namespace, count of changes.
 *
 * @returns undefined where the kernel does not say
 */
export function firewallStamp(socket: NetlinkSocket): string | undefined {
  const [message] = socket.read(getGeneration())
  if (!message) return undefined
  place ??= `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/net')}`
  return `${place} ${decodeGeneration(message)}\n`
}

/** Boot and network namespace, which this process never leaves. */
let place: string | undefined

function stampFile(folders: NetworkFolders, network: Network): string {
  return join(networkRunFolder(folders, network.name), 'firewall-stamp')
}

/** By file, what this process has read there or written: a stamp that was true once is true whenever it is the kernel's again. */
const known = new Map<string, string>()

/** Whether this very state was found intact for the network before. */
export function wasIntact(folders: NetworkFolders, network: Network, stamp: string): boolean {
  const file = stampFile(folders, network)
  if (known.get(file) === stamp) return true
  const isKnown = readIfPresent(file) === stamp
  if (isKnown) known.set(file, stamp)
  return isKnown
}

/** @param stamp taken before the check, so that a change in between is not overlooked */
export function rememberIntact(folders: NetworkFolders, network: Network, stamp: string): void {
  mkdirSync(networkRunFolder(folders, network.name), { recursive: true, mode: 0o700 })
  writeFileSync(stampFile(folders, network), stamp, { mode: 0o600 })
  known.set(stampFile(folders, network), stamp)
}
