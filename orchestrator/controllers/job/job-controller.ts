import { valueAt } from '../../api/object.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { claim } from '../objects/claim.ts'
import { kinds } from '../objects/kinds.ts'
import { labelSelector } from '../objects/label-selector.ts'
import { controllerOf, keyOf, splitKey } from '../objects/ownership.ts'
import { followOwned } from '../owned-objects.ts'
import { isTracked, withoutTracking } from './job-pods.ts'
import { planJob } from './plan-job.ts'

/** Runs pods until enough of them succeeded. */
export const startJobController: StartController = (context) => {
  const { informers } = context
  const jobs = informers.of(kinds.job)
  const pods = informers.of(kinds.pod)
  const controller = startKeyController(context, {
    name: 'job-controller',
    kind: kinds.job,
    reads: [kinds.job, kinds.pod],
    plan: (key, now) => {
      const of = splitKey(key)
      const job = jobs.get(of)
      // Nobody counts these any more: what kept them there goes.
      const lost = pods
        .byIndex('tracked job', key)
        .filter((pod) => controllerOf(pod)?.uid !== job?.metadata.uid)
      const free = lost.map((pod) => ({ verb: 'update' as const, object: withoutTracking(pod) }))
      if (!job || valueAt(job, ['spec', 'managedBy']) !== undefined)
        return { writes: job ? [] : free }
      const selects = labelSelector(valueAt(job, ['spec', 'selector']))
      const { owned, writes } = claim(job, owners.candidates(job), selects)
      if (writes.length > 0) return { writes: [...free, ...writes], againInMs: 1 }
      const plan = planJob(job, owned, now)
      return { ...plan, writes: [...free, ...plan.writes] }
    },
  })
  pods.addIndex('tracked job', (pod) => {
    const owner = controllerOf(pod)
    return isTracked(pod) && owner?.kind === 'Job'
      ? [`${pod.metadata.namespace}/${owner.name}`]
      : []
  })
  jobs.onChange((job) => controller.add(keyOf(job)))
  const owners = followOwned(jobs, pods, 'Job', controller.add)
  return controller
}
