import { valueAt } from '../../api/object.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { claim } from '../objects/claim.ts'
import { kinds } from '../objects/kinds.ts'
import { labelSelector } from '../objects/label-selector.ts'
import { controllerOf, isControlledBy, keyOf, splitKey } from '../objects/ownership.ts'
import { followOwned } from '../owned-objects.ts'
import { isRolling } from './deployment-facts.ts'
import { planDeployment } from './plan-deployment.ts'

/** A ReplicaSet for each template that a Deployment had; the pods move from the old ones to the newest. */
export const startDeploymentController: StartController = (context) => {
  const deployments = context.informers.of(kinds.deployment)
  const replicaSets = context.informers.of(kinds.replicaSet)
  const pods = context.informers.of(kinds.pod)
  const controller = startKeyController(context, {
    name: 'deployment-controller',
    kind: kinds.deployment,
    reads: [kinds.deployment, kinds.replicaSet, kinds.pod],
    plan: (key, now) => {
      const deployment = deployments.get(splitKey(key))
      if (!deployment) return { writes: [] }
      const { namespace } = deployment.metadata
      const selects = labelSelector(valueAt(deployment, ['spec', 'selector']))
      const { owned, writes } = claim(deployment, sets.candidates(deployment), selects)
      // What was claimed has another revision; the plan is made when it is known.
      if (writes.length > 0) return { writes, againInMs: 1 }
      return planDeployment({
        deployment,
        sets: owned,
        podsOf: (set) => pods.list(namespace).filter((pod) => isControlledBy(pod, set)),
        setNamed: (name) => replicaSets.get({ name, namespace }),
        now,
      })
    },
  })
  deployments.onChange((deployment) => controller.add(keyOf(deployment)))
  const sets = followOwned(deployments, replicaSets, 'Deployment', controller.add)
  // Only who waits for the last old pod needs to hear of it.
  pods.onChange((pod, isThere) => {
    const { namespace } = pod.metadata
    const set = controllerOf(pod)
    const owner = set && replicaSets.get({ name: set.name, namespace })
    const deployment =
      owner && deployments.get({ name: controllerOf(owner)?.name ?? '', namespace })
    if (deployment && !isRolling(deployment) && !isThere) controller.add(keyOf(deployment))
  })
  return controller
}
