import { valueAt } from '../../api/object.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { claim } from '../objects/claim.ts'
import { kinds } from '../objects/kinds.ts'
import { labelSelector } from '../objects/label-selector.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { followOwned } from '../owned-objects.ts'
import { planStatefulSet } from './plan-stateful-set.ts'
import { ordinalOf } from './stateful-pod.ts'

/** Pods that are somebody. */
export const startStatefulSetController: StartController = (context) => {
  const { informers } = context
  const sets = informers.of(kinds.statefulSet)
  const volumes = informers.of(kinds.claim)
  const controller = startKeyController(context, {
    name: 'statefulset-controller',
    kind: kinds.statefulSet,
    reads: [kinds.statefulSet, kinds.pod, kinds.controllerRevision, kinds.claim],
    plan: (key, now) => {
      const set = sets.get(splitKey(key))
      if (!set) return { writes: [] }
      const selects = labelSelector(valueAt(set, ['spec', 'selector']))
      // One with another name is not to be adopted: it could not be anybody of the set.
      const named = pods.candidates(set).filter((pod) => ordinalOf(set, pod) !== undefined)
      const own = claim(set, named, selects)
      const past = claim(set, revisions.candidates(set), selects)
      const writes = [...own.writes, ...past.writes]
      if (writes.length > 0) return { writes, againInMs: 1 }
      const claims = new Map(
        volumes.list(set.metadata.namespace).map((one) => [one.metadata.name ?? '', one]),
      )
      return planStatefulSet({ set, pods: own.owned, revisions: past.owned, claims, now })
    },
  })
  sets.onChange((set) => controller.add(keyOf(set)))
  const pods = followOwned(sets, informers.of(kinds.pod), 'StatefulSet', controller.add)
  const revisions = followOwned(
    sets,
    informers.of(kinds.controllerRevision),
    'StatefulSet',
    controller.add,
  )
  return controller
}
