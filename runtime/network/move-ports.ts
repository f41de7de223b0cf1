import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { placeElements, removeElements } from './firewall.ts'
import type { NetworkFolders } from './network.ts'
import { portLeasesFolder, readIfPresent } from './network-files.ts'
import { formatPortLease, parsePortLease, portElement, portLeaseName } from './published-port.ts'
import type { HostPort, PortBinding } from './published-port.ts'

/** A published port without its target. */
export type HeldHostPort = HostPort & Pick<PortBinding, 'containerPort'>

/** Where ports lead from now on; a family that is absent leads nowhere. */
export interface PortTarget {
  readonly ipv4?: string | undefined
  readonly ipv6?: string | undefined
}

const nowhere = { ipv4: '0.0.0.0', ipv6: '::' } as const

/**
 * Have the published ports of a running container lead to another of its addresses, or nowhere. It keeps them
 * either way: they are its own until it ends.
 */
export function movePorts(
  folders: NetworkFolders,
  container: string,
  ports: readonly HeldHostPort[],
  target: PortTarget,
): void {
  for (const port of ports) {
    const folder = portLeasesFolder(folders)
    const path = join(folder, portLeaseName(port))
    const text = readIfPresent(path)
    if (text === undefined || parsePortLease(text, path).container !== container) continue
    const family = port.hostIp.includes(':') ? 'ipv6' : 'ipv4'
    const targetIp = target[family] ?? nowhere[family]
    const temporary = join(folder, `.move-${process.pid}`)
    writeFileSync(temporary, formatPortLease({ container, targetIp, ...port }), { mode: 0o600 })
    renameSync(temporary, path)
    const { map, element } = portElement({ ...port, targetIp })
    removeElements(folders, [{ set: map, element: { key: element.key } }])
    if (target[family] !== undefined) placeElements(folders, [{ set: map, element }])
  }
}
