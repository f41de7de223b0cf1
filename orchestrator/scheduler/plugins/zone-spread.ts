import { normalizeByMax } from '../framework.ts'
import type { Plugin } from '../framework.ts'
import { intern } from '../intern.ts'
import { countPods, zoneOf } from '../node-info.ts'
import type { PodInfo } from '../pod-info.ts'

// Not among upstream's plugins; is enabled by name.

/** Prefers the zone with the fewest pods of the same owner, whatever services select them. */
export const zoneSpread: Plugin = {
  name: 'ZoneSpread',
  prepareScore: ({ ownerUid }, { nodes }) => {
    if (ownerUid === undefined) return undefined
    const counts = new Map<string, number>()
    const question = {
      key: intern(`owner ${ownerUid}`),
      isCounted: (pod: PodInfo) => pod.ownerUid === ownerUid,
    }
    for (const node of nodes) {
      const zone = zoneOf(node)
      if (zone === undefined) continue
      const count = countPods(node, question)
      counts.set(zone, (counts.get(zone) ?? 0) + count)
    }
    if (counts.size < 2) return undefined
    return {
      score: (node) => counts.get(zoneOf(node) ?? '') ?? 0,
      normalize: (scores) => normalizeByMax(scores, true),
    }
  },
}
