import { valueAt } from '../../api/object.ts'
import type { OwnerReference } from '../../api/object.ts'
import type { Informers } from '../../client/informers.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { labelSelector } from '../objects/label-selector.ts'
import { controllerOf, keyOf, splitKey } from '../objects/ownership.ts'
import { planDisruption, replicasOf } from './plan-disruption.ts'

const owners = [kinds.replicaSet, kinds.deployment, kinds.statefulSet, kinds.replicationController]

/** Keeps the status of disruption budgets, by which evictions are allowed. */
export const startDisruptionController: StartController = (context) => {
  const { informers } = context
  const budgets = informers.of(kinds.disruptionBudget)
  const pods = informers.of(kinds.pod)
  const scaleOf = scales(informers)
  const controller = startKeyController(context, {
    name: 'disruption-controller',
    kind: kinds.disruptionBudget,
    reads: [kinds.disruptionBudget, kinds.pod, ...owners],
    plan: (key, now) => {
      const budget = budgets.get(splitKey(key))
      if (!budget) return { writes: [] }
      const selects = labelSelector(valueAt(budget, ['spec', 'selector']))
      const selected = pods
        .list(budget.metadata.namespace)
        .filter(({ metadata }) => selects(metadata.labels))
      return planDisruption({ budget, pods: selected, scaleOf, now })
    },
  })
  budgets.onChange((budget) => controller.add(keyOf(budget)))
  const addAll = (namespace: string | undefined): void => {
    for (const budget of budgets.list(namespace)) controller.add(keyOf(budget))
  }
  pods.onChange(({ metadata }) => addAll(metadata.namespace))
  for (const kind of owners)
    informers.of(kind).onChange((owner, _isThere, previous) => {
      if (!previous || replicasOf(owner) !== replicasOf(previous)) addAll(owner.metadata.namespace)
    })
  return controller
}

function scales(informers: Informers) {
  const find = ({ apiVersion, kind, name }: OwnerReference, namespace: string) => {
    const known = owners.find((one) => one.apiVersion === apiVersion && one.kind === kind)
    return known && informers.of(known).get({ name, namespace })
  }
  return (owner: OwnerReference, namespace: string) => {
    const direct = find(owner, namespace)
    const above = direct && controllerOf(direct)
    const scaled = (above && find(above, namespace)) ?? direct
    return scaled && { uid: scaled.metadata.uid ?? '', replicas: replicasOf(scaled) }
  }
}
