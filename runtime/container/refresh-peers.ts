import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockSync } from '../../native/lock.ts'
import { readNameRecords } from '../network/name-records.ts'
import { networkRunFolder } from '../network/network-files.ts'
import type { Network } from '../network/network.ts'
import { peerLines, withPeerLines } from '../network/peer-hosts.ts'
import { containerFolder } from './container-folder.ts'
import { readTextIfPresent } from './durable-file.ts'
import type { EngineFolders } from './folders.ts'
import type { NetworkAttachment } from './state.ts'

/** Whether containers of a network know each other by lines of their hosts files. */
export function isNamedInHosts({ driver = 'bridge' }: Pick<NetworkAttachment, 'driver'>): boolean {
  return driver === 'macvlan' || driver === 'ipvlan'
}

/** What a container that starts in such a network finds there. */
export function peersOf(folders: EngineFolders, { name }: Network, ownId: string): string[] {
  return [...peerLines(name, readNameRecords(folders, name), ownId)]
}

/**
 * Tell every container of a network of the others that are in it now. In place: the files are bound into them.
 *
 * @param leaving id of one that is to forget them
 */
export function refreshPeers(folders: EngineFolders, network: string, leaving?: string): void {
  mkdirSync(networkRunFolder(folders, network), { recursive: true, mode: 0o700 })
  using _lock = lockSync(join(networkRunFolder(folders, network), 'hosts.lock'))
  const records = readNameRecords(folders, network)
  const change = (id: string, lines: readonly string[]): void => {
    const path = containerFolder(folders, id).hosts
    const before = readTextIfPresent(path)
    // Absent with --no-hosts.
    if (before === undefined) return
    const after = withPeerLines(before, network, lines)
    if (after !== before) writeFileSync(path, after)
  }
  for (const { containerId } of records)
    change(containerId, peerLines(network, records, containerId))
  if (leaving !== undefined && !records.some(({ containerId }) => containerId === leaving))
    change(leaving, [])
}
