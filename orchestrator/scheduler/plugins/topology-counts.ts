import type { NodeInfo } from '../node-info.ts'

/** Amounts by topology: label of nodes → value of the label → amount. */
export type TopologyCounts = Map<string, Map<string, number>>

export function addToTopology(
  counts: TopologyCounts,
  topologyKey: string,
  { labels }: NodeInfo,
  amount: number,
): void {
  const value = labels[topologyKey]
  if (value === undefined || amount === 0) return
  let values = counts.get(topologyKey)
  if (!values) counts.set(topologyKey, (values = new Map()))
  values.set(value, (values.get(value) ?? 0) + amount)
}

export function topologyCount(
  counts: TopologyCounts,
  topologyKey: string,
  { labels }: NodeInfo,
): number {
  const value = labels[topologyKey]
  return value === undefined ? 0 : (counts.get(topologyKey)?.get(value) ?? 0)
}
