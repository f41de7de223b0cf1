import { basename, dirname } from 'node:path'
import { removeElements } from './firewall.ts'
import type { PlacedElement } from './firewall-elements.ts'
import type { NetworkFolders } from './network.ts'
import { portLeasesFolder, readIfPresent } from './network-files.ts'
import { hostPortOfLease, parsePortLease, portElement } from './published-port.ts'

/**
 * Stop publishing the ports among these leases, for a container that cannot do so itself. Before
 * the leases go: the address that a port leads to may be the next container's.
 *
 * @param containerId leases of others are left alone
 */
export function withdrawPorts(
  folders: NetworkFolders,
  containerId: string,
  leases: readonly string[],
): void {
  const ports = portLeasesFolder(folders)
  const placed = leases
    .filter((path) => dirname(path) === ports)
    .flatMap((path) => elementOf(path, containerId) ?? [])
  if (placed.length > 0 && !isTableGone()) removeElements(folders, placed)
}

/**
 * The table of an ordinary user is in a network namespace of that user. Whoever is not in there has found nobody to
 * enter it by: it goes with the last container.
 */
function isTableGone(env: NodeJS.ProcessEnv = process.env): boolean {
  return env['MYCONTAINER_USERNS'] !== undefined && env['MYCONTAINER_NETNS'] !== 'shared'
}

function elementOf(path: string, containerId: string): PlacedElement | undefined {
  const port = hostPortOfLease(basename(path))
  const text = readIfPresent(path)
  if (!port || text === undefined) return undefined
  const lease = parsePortLease(text, path)
  if (lease.container !== containerId) return undefined
  const { map, element } = portElement({ ...port, ...lease })
  return { set: map, element: { key: element.key } }
}
