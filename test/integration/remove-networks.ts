import { engineFolders } from '../../runtime/container/folders.ts'
import { removeNetwork } from '../../runtime/network/bridge.ts'
import { removeFirewall } from '../../runtime/network/firewall.ts'
import { listNetworks } from '../../runtime/network/network-store.ts'

/**
 * Take the bridges and the firewall table of a state root from the host, before its folder goes: a
 * RUN of a build, or a container, may have made them, and nobody would know them afterwards.
 */
export function removeNetworks(root: string): void {
  const folders = engineFolders(root, {}, 0, '/')
  for (const network of listNetworks(folders)) removeNetwork(folders, network)
  removeFirewall(folders)
}
