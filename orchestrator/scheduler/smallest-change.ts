import type { SmallestChange } from './decision.ts'
import type { NodeRejection } from './framework.ts'
import type { Attempt } from './schedule-pod.ts'
import type { Snapshot } from './snapshot.ts'

const shown = 3

interface Way {
  readonly node: string
  /** Who is in the way: ways of the same kind are told once. */
  readonly plugins: string
  readonly rejections: readonly NodeRejection[]
}

/** What would have to change for a pod to fit; the least first, each kind of change once. */
export function findSmallestChanges(snapshot: Snapshot, { filters }: Attempt): SmallestChange[] {
  if (snapshot.nodes.length === 0) return [{ node: '', changes: ['add a node'] }]
  if (filters.refusal) return [describe({ node: '', plugins: '', rejections: [filters.refusal] })]
  const best = new Map<string, { way: Way; size: number }>()
  for (const node of snapshot.nodes) {
    const rejections = filters.checkAll(node)
    const plugins = rejections.map(({ plugin }) => plugin).join(' ')
    const size = sizeOf(rejections)
    const known = best.get(plugins)
    if (rejections.length > 0 && (!known || size < known.size))
      best.set(plugins, { way: { node: node.name, plugins, rejections }, size })
  }
  return [...best.values()]
    .toSorted((a, b) => a.size - b.size)
    .slice(0, shown)
    .map(({ way }) => describe(way))
}

function sizeOf(rejections: readonly NodeRejection[]): number {
  let size = 0
  for (const { rejection } of rejections)
    for (const remedy of rejection.remedies?.() ?? [{ size: 1 }]) size += remedy.size
  return size
}

function describe({ node, rejections }: Way): SmallestChange {
  const changes = rejections.flatMap(
    ({ rejection: { remedies, reasons } }) => remedies?.().map(({ text }) => text) ?? reasons,
  )
  return { node, changes }
}
