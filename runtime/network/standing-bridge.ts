import { monotonicMs } from '../../native/clock.ts'
import { readInterface } from '../../native/interface.ts'
import type { Network } from './network.ts'

// Whoever starts containers in a row need not have the kernel list links and addresses for each.

/** How long one thorough look at a bridge holds, ms, as long as the very same bridge is up. */
const holdsForMs = 1000

/** What a look at a bridge found, of use to the next start. */
export interface StandingBridge {
  readonly index: number
  /** Bytes. */
  readonly mtu: number
  readonly hostIpv6: boolean
  readonly ipv6: boolean
}

interface Look {
  readonly at: number
  readonly bridge: StandingBridge
}

const looks = new Map<string, Look>()

export function rememberBridge(network: Network, bridge: StandingBridge): void {
  looks.set(network.id, { at: monotonicMs(), bridge })
}

/** @returns undefined where the bridge has to be looked at again */
export function findStandingBridge(network: Network): StandingBridge | undefined {
  const look = looks.get(network.id)
  if (!look) return undefined
  const now = readInterface(network.bridge)
  const { bridge } = look
  const isSame = now?.isUp === true && now.index === bridge.index && now.mtu === bridge.mtu
  if (isSame && monotonicMs() - look.at < holdsForMs) return bridge
  looks.delete(network.id)
  return undefined
}
