import { type Network, driverOf } from '../network/network.ts'
import { publishEvent } from './events.ts'
import type { EngineFolders } from './folders.ts'

/** @param container id of the one that came or went */
export function publishNetworkEvent(
  folders: EngineFolders,
  network: Network,
  action: 'create' | 'connect' | 'disconnect' | 'destroy',
  container?: string,
): void {
  const driver = driverOf(network)
  const attributes = {
    ...(container === undefined ? {} : { container }),
    name: network.name,
    type: driver === 'none' ? 'null' : driver,
  }
  publishEvent(folders, { type: 'network', action, id: network.id, attributes })
}
