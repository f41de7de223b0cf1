import type { EnabledPlugin } from './framework.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'

export interface PluginScores {
  readonly plugin: string
  readonly weight: number
  /** 0 to 100, in the order of the nodes; not weighted. */
  readonly scores: readonly number[]
}

export interface ScoreRun {
  readonly byPlugin: readonly PluginScores[]
  /** Weighted sums, in the order of the nodes. */
  readonly totals: readonly number[]
}

export function runScores(
  pod: PodInfo,
  snapshot: Snapshot,
  nodes: readonly NodeInfo[],
  enabled: readonly EnabledPlugin[],
): ScoreRun {
  const totals = nodes.map(() => 0)
  const byPlugin: PluginScores[] = []
  for (const { plugin, weight } of enabled) {
    const prepared = plugin.prepareScore?.(pod, snapshot, nodes)
    if (!prepared) continue
    const scores = nodes.map((node) => prepared.score(node))
    prepared.normalize?.(scores, nodes)
    for (let index = 0; index < scores.length; index++) totals[index]! += scores[index]! * weight
    byPlugin.push({ plugin: plugin.name, weight, scores })
  }
  return { byPlugin, totals }
}

/** The index of the greatest; any of them when there are several. */
export function pickBest(totals: readonly number[], random: () => number): number {
  let best = 0
  let equals = 1
  for (let index = 1; index < totals.length; index++) {
    if (totals[index]! > totals[best]!) {
      best = index
      equals = 1
    } else if (totals[index] === totals[best] && random() * ++equals < 1) best = index
  }
  return best
}
