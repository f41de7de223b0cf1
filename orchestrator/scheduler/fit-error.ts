import type { Rejection } from './framework.ts'

// The sentence that users know from `kubectl describe pod`.

/** `0/3 nodes are available: 1 Too many pods, 2 Insufficient cpu.`: one rejection for each node. */
export function describeRejections(rejections: readonly Rejection[]): string {
  const counts = new Map<string, number>()
  for (const { reasons } of rejections)
    for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).toSorted(byBytes)
  return `0/${rejections.length} nodes are available: ${parts.join(', ')}.`
}

/** The whole message of a pod that fits nowhere. @param more what came of preemption */
export function describeFailure(rejections: readonly Rejection[], more?: string): string {
  if (rejections.length === 0) return 'no nodes available to schedule pods'
  const text = describeRejections(rejections)
  return more === undefined ? text : `${text} ${more}`
}

/** The same order everywhere, whatever the locale. */
function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
