import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { isTerminating, nodeOf } from '../objects/pod-facts.ts'
import { planPodGc } from './plan-pod-gc.ts'

const mostFinished = 12_500

/** Removes pods of nodes that are gone, and what else nobody would remove. */
export const startPodGcController: StartController = (context) => {
  const { informers, settings } = context
  const { goneNodeQuarantine = 40_000, podGcPeriod = 20_000 } = settings
  const pods = informers.of(kinds.pod)
  const nodes = informers.of(kinds.node)
  const missingSince = new Map<string, number>()
  const isGone = (node: string): boolean => {
    const since = missingSince.get(node) ?? performance.now()
    missingSince.set(node, since)
    const left = since + goneNodeQuarantine - performance.now()
    if (left > 0) controller.addAfter('all', left)
    return left <= 0
  }
  const controller = startKeyController(context, {
    name: 'pod-garbage-collector',
    kind: kinds.pod,
    reads: [kinds.pod, kinds.node],
    plan: (_key, now) => {
      const byName = new Map(nodes.list().map((node) => [node.metadata.name ?? '', node]))
      for (const name of byName.keys()) missingSince.delete(name)
      const writes = planPodGc({ pods: pods.list(), nodes: byName, isGone, mostFinished, now })
      return { writes, againInMs: podGcPeriod }
    },
  })
  controller.add('all')
  nodes.onChange((_node, isThere) => {
    if (!isThere) controller.add('all')
  })
  // One that was asked to go before it got a node has nobody to wait for.
  pods.onChange((pod, isThere) => {
    if (isThere && isTerminating(pod) && !nodeOf(pod)) controller.add('all')
  })
  return controller
}
