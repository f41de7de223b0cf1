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

export interface EarlierLook {
  readonly bridge: StandingBridge
  /** So long ago that the addresses of the bridge may be others by now. */
  readonly isStale: boolean
}

/** @returns undefined where it is not the bridge any more that was looked at */
export function findStandingBridge(network: Network): EarlierLook | undefined {
  const look = looks.get(network.id)
  if (!look) return undefined
  const now = readInterface(network.bridge)
  const { at, bridge } = look
  const isSame = now?.isUp === true && now.index === bridge.index && now.mtu === bridge.mtu
  if (isSame) return { bridge, isStale: monotonicMs() - at >= holdsForMs }
  looks.delete(network.id)
  return undefined
}

export function forgetBridge(network: Network): void {
  looks.delete(network.id)
}
