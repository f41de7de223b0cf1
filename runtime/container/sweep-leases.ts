import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { join } from 'node:path'
import {
  addressLeasesFolder,
  listNames,
  portLeasesFolder,
  readIfPresent,
  sweepClaims,
} from '../network/network-files.ts'
import { listNetworks } from '../network/network-store.ts'
import { withdrawPorts } from '../network/withdraw-ports.ts'
import type { EngineFolders } from './folders.ts'
import { mayHoldLeases } from './holds-leases.ts'

/**
 * Unlink leases of addresses and ports whose container does not use them: those of a start that
 * was killed after it had leased and before it had written down what. Nobody is in their way, for
 * whoever needs such an address takes it over; this is for the eye.
 */
export function sweepLeases(folders: EngineFolders): void {
  const addresses = listNetworks(folders).map(({ name }) => addressLeasesFolder(folders, name))
  const leaseFolders = [...addresses, portLeasesFolder(folders)]
  for (const folder of leaseFolders) sweepClaims(folder)
  for (const path of leaseFolders.flatMap((folder) =>
    listNames(folder).map((name) => join(folder, name)),
  )) {
    const holder = /[0-9a-f]{64}/.exec(readIfPresent(path) ?? '')?.[0]
    if (holder === undefined || mayHoldLeases(folders, holder, path)) continue
    withdrawPorts(folders, holder, [path])
    unlinkIfPresent(path)
  }
}
