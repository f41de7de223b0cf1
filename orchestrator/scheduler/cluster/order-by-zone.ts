import { zoneOf } from '../node-info.ts'
import type { NodeInfo } from '../node-info.ts'

/** A node of each zone in turn: a search that ends early has still seen all zones. */
export function orderByZone(nodes: Iterable<NodeInfo>): NodeInfo[] {
  const zones = [...Map.groupBy(nodes, (node) => zoneOf(node)).values()]
  const longest = Math.max(0, ...zones.map(({ length }) => length))
  const ordered: NodeInfo[] = []
  for (let row = 0; row < longest; row++)
    for (const zone of zones) {
      const node = zone[row]
      if (node) ordered.push(node)
    }
  return ordered
}
