import { sameJson, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { taintsOf } from '../node-lifecycle/node-taints.ts'
import { makeFailureWait } from '../objects/failure-wait.ts'
import { claim } from '../objects/claim.ts'
import { kinds } from '../objects/kinds.ts'
import { labelSelector } from '../objects/label-selector.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { followOwned } from '../owned-objects.ts'
import { planDaemonSet } from './plan-daemon-set.ts'

/** A pod on each node that a DaemonSet selects. */
export const startDaemonSetController: StartController = (context) => {
  const { informers } = context
  const sets = informers.of(kinds.daemonSet)
  const nodes = informers.of(kinds.node)
  const failures = makeFailureWait()
  const controller = startKeyController(context, {
    name: 'daemonset-controller',
    kind: kinds.daemonSet,
    reads: [kinds.daemonSet, kinds.pod, kinds.node, kinds.controllerRevision],
    plan: (key, now) => {
      const set = sets.get(splitKey(key))
      if (!set) return { writes: [] }
      const selects = labelSelector(valueAt(set, ['spec', 'selector']))
      const own = claim(set, pods.candidates(set), selects)
      const past = claim(set, revisions.candidates(set), selects)
      const claims = [...own.writes, ...past.writes]
      // What was claimed has another revision; the plan is made when it is known.
      if (claims.length > 0) return { writes: claims, againInMs: 1 }
      const failureWaitMs = (node: string): number => failures.waitMs(`${key} ${node}`, now)
      return planDaemonSet({
        set,
        nodes: nodes.list(),
        pods: own.owned,
        revisions: past.owned,
        now,
        failureWaitMs,
      })
    },
  })
  sets.onChange((set) => controller.add(keyOf(set)))
  const pods = followOwned(sets, informers.of(kinds.pod), 'DaemonSet', controller.add)
  const revisions = followOwned(
    sets,
    informers.of(kinds.controllerRevision),
    'DaemonSet',
    controller.add,
  )
  nodes.onChange((node, isThere, previous) => {
    if (isThere && previous && sameJson(placing(node), placing(previous))) return
    for (const set of sets.list()) controller.add(keyOf(set))
  })
  return controller
}

/** What of a node decides who may be there. */
function placing(node: KubeObject): unknown {
  return [node.metadata.labels, taintsOf(node)]
}
