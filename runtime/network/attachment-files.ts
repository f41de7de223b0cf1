import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { join } from 'node:path'
import type { NetworkFolders } from './network.ts'
import { addressLeasesFolder, nameRecordsFolder, readIfPresent } from './network-files.ts'

/** What one container has in one network. */
export interface HeldAddresses {
  /** Name of the network. */
  readonly network: string
  readonly ipv4?: string | undefined
  readonly ipv6?: string | undefined
}

/** The file that tells a network's name server of a container. */
export function nameRecordFile(
  folders: NetworkFolders,
  network: string,
  containerId: string,
): string {
  return join(nameRecordsFolder(folders, network), containerId)
}

/** Every file that a container has for being in a network, whether it is there or not. */
export function attachmentFiles(
  folders: NetworkFolders,
  containerId: string,
  { network, ipv4, ipv6 }: HeldAddresses,
): string[] {
  const leases = addressLeasesFolder(folders, network)
  return [
    ...[ipv4, ipv6].flatMap((address) => (address === undefined ? [] : [join(leases, address)])),
    nameRecordFile(folders, network, containerId),
  ]
}

/** Give back those of the files that are still the container's. */
export function releaseOwn(files: readonly string[], containerId: string): void {
  for (const file of files)
    if (readIfPresent(file)?.includes(containerId) === true) unlinkIfPresent(file)
}
