import type { KubeObject } from '../../api/object.ts'
import { readiness, zoneOf } from './node-taints.ts'

// When many nodes are silent at once, the network is more likely broken than the nodes. Then pods are sent away slowly,
// or not at all: https://kubernetes.io/docs/concepts/architecture/nodes/#rate-limits-on-eviction

export interface EvictionRates {
  /** Nodes a second whose pods may be sent away; upstream 0.1. */
  readonly perSecond: number
  /** The same in a zone where many nodes are unhealthy; upstream 0.01. */
  readonly reducedPerSecond: number
  /** The share of unhealthy nodes that is many; upstream 0.55. */
  readonly unhealthyShare: number
  /** Zones of up to that many nodes send none away when many are unhealthy; upstream 50. */
  readonly smallZone: number
}

export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption'

export interface Zone {
  readonly state: ZoneState
  readonly perSecond: number
}

// One or two silent nodes are never many, whatever their share.
const fewNodes = 2

/** @returns the zones by name, and whether no zone has a node that is ready: then nothing is sent away anywhere */
export function readZones(
  nodes: readonly KubeObject[],
  rates: EvictionRates,
): { zones: Map<string, Zone>; allDown: boolean } {
  const counts = new Map<string, { ready: number; unready: number }>()
  for (const node of nodes) {
    const zone = zoneOf(node)
    const count = counts.get(zone) ?? { ready: 0, unready: 0 }
    counts.set(zone, count)
    if (readiness(node) === 'True') count.ready++
    else count.unready++
  }
  const zones = new Map([...counts].map(([name, count]) => [name, zoneOfCounts(count, rates)]))
  const allDown =
    zones.size > 0 && [...zones.values()].every(({ state }) => state === 'FullDisruption')
  return { zones, allDown }
}

function zoneOfCounts(
  { ready, unready }: { ready: number; unready: number },
  rates: EvictionRates,
): Zone {
  const { perSecond, reducedPerSecond, unhealthyShare, smallZone } = rates
  if (ready === 0 && unready > 0) return { state: 'FullDisruption', perSecond }
  if (unready > fewNodes && unready / (unready + ready) >= unhealthyShare)
    return {
      state: 'PartialDisruption',
      perSecond: ready + unready > smallZone ? reducedPerSecond : 0,
    }
  return { state: 'Normal', perSecond }
}
