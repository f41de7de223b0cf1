import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { nodeOf } from '../objects/pod-facts.ts'
import { sameJson } from '../../api/object.ts'
import { taintsOf } from '../node-lifecycle/node-taints.ts'
import { evictionWaitMs, evictPod } from './plan-taint-eviction.ts'

/** When a pod is to go, milliseconds of `performance.now`, and because of what. */
interface Due {
  readonly why: string
  readonly at: number
}

/** Sends pods away from nodes whose taints they bear no longer. */
export const startTaintEvictionController: StartController = (context) => {
  const { informers } = context
  const pods = informers.of(kinds.pod)
  const nodes = informers.of(kinds.node)
  // Once known, it does not move with the clock of the day.
  const dues = new Map<string, Due>()
  const remainingMs = (key: string, why: string, wait: number): number => {
    const known = dues.get(key)
    if (known?.why === why) return known.at - performance.now()
    dues.set(key, { why, at: performance.now() + wait })
    return wait
  }
  pods.addIndex('node of pod', (pod) => [nodeOf(pod) ?? ''])
  const controller = startKeyController(context, {
    name: 'taint-eviction-controller',
    kind: kinds.pod,
    reads: [kinds.pod, kinds.node],
    plan: (key, now) => {
      const pod = pods.get(splitKey(key))
      const node = nodes.get({ name: (pod && nodeOf(pod)) ?? '' })
      const wait = pod && node ? evictionWaitMs(pod, node, now) : undefined
      if (!pod || !node || wait === undefined) {
        dues.delete(key)
        return { writes: [] }
      }
      const why = JSON.stringify([
        pod.metadata.uid,
        pod.spec?.['tolerations'],
        taintsOf(node).filter(({ effect }) => effect === 'NoExecute'),
      ])
      const left = remainingMs(key, why, wait)
      return left > 0 ? { writes: [], againInMs: left } : { writes: evictPod(pod, now) }
    },
  })
  pods.onChange((pod, isThere, previous) => {
    if (!isThere) dues.delete(keyOf(pod))
    const isNew = !previous || nodeOf(previous) !== nodeOf(pod)
    if (isThere && isNew && nodeOf(pod)) controller.add(keyOf(pod))
  })
  nodes.onChange((node, isThere, previous) => {
    if (!isThere || sameJson(taintsOf(node), previous ? taintsOf(previous) : [])) return
    for (const pod of pods.byIndex('node of pod', node.metadata.name ?? ''))
      controller.add(keyOf(pod))
  })
  return controller
}
