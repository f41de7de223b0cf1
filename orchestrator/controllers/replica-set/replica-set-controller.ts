import type { KubeObject } from '../../api/object.ts'
import type { KindName } from '../../client/client.ts'
import type { ControllerContext, RunningController, StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { claim } from '../objects/claim.ts'
import { kinds } from '../objects/kinds.ts'
import { ownerSelector } from '../objects/label-selector.ts'
import { controllerOf, isControlledBy, keyOf, splitKey } from '../objects/ownership.ts'
import { isActive, isTerminating } from '../objects/pod-facts.ts'
import { followOwned } from '../owned-objects.ts'
import { planReplicaSet } from './plan-replica-set.ts'

/** As many pods of one template as a ReplicaSet asks for. */
export const startReplicaSetController: StartController = (context) =>
  start(context, kinds.replicaSet, 'replicaset-controller')

/** The same of its elder, the ReplicationController, which differs in the form of its selector. */
export const startReplicationController: StartController = (context) =>
  start(context, kinds.replicationController, 'replication-controller')

function start(context: ControllerContext, kind: KindName, name: string): RunningController {
  const sets = context.informers.of(kind)
  const podInformer = context.informers.of(kinds.pod)
  // Deleted here, and not yet seen to go: counting them would have others deleted in their stead.
  const leaving = new Map<string, string>()
  const isHere = (pod: KubeObject): boolean => isActive(pod) && !leaving.has(pod.metadata.uid ?? '')
  const controller = startKeyController(context, {
    name,
    kind,
    reads: [kind, kinds.pod],
    plan: (key, now) => {
      const set = sets.get(splitKey(key))
      if (!set) return { writes: [] }
      const selects = ownerSelector(set)
      const { owned, writes } = claim(set, pods.candidates(set).filter(isHere), selects)
      // What was claimed has another revision; the plan is made when it is known.
      if (writes.length > 0) return { writes, againInMs: 1 }
      const plan = planReplicaSet({ set, pods: owned, related: relatedPods(set), now })
      for (const write of plan.writes)
        if (write.verb === 'delete') leaving.set(write.object.metadata.uid ?? '', key)
      return {
        ...plan,
        onFailure: (error) => {
          for (const [uid, of] of leaving) if (of === key) leaving.delete(uid)
          return plan.onFailure?.(error) ?? []
        },
      }
    },
  })

  function relatedPods(set: KubeObject): KubeObject[] {
    const owner = controllerOf(set)
    if (!owner) return pods.candidates(set).filter(isHere)
    return sets
      .list(set.metadata.namespace)
      .filter((other) => controllerOf(other)?.uid === owner.uid)
      .flatMap((other) => pods.candidates(other).filter((pod) => isControlledBy(pod, other)))
      .filter(isHere)
  }

  sets.onChange((set) => controller.add(keyOf(set)))
  podInformer.onChange((pod, isThere) => {
    if (!isThere || isTerminating(pod)) leaving.delete(pod.metadata.uid ?? '')
  })
  const pods = followOwned(sets, podInformer, kind.kind, controller.add)
  return controller
}
