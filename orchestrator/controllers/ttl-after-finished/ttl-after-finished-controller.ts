import { numberAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import type { StartController } from '../controller.ts'
import { startKeyController } from '../key-controller.ts'
import { kinds } from '../objects/kinds.ts'
import { keyOf, splitKey } from '../objects/ownership.ts'
import { conditionOf, isTerminating } from '../objects/pod-facts.ts'
import type { Plan } from '../writes/write.ts'

/** A Job that is done and asked for it is deleted, with its pods, after its time. */
export function planTimeToLive(job: KubeObject, now: Date): Plan {
  const seconds = numberAt(job, ['spec', 'ttlSecondsAfterFinished'])
  const end = ['Complete', 'Failed']
    .map((type) => conditionOf(job, type))
    .find((condition) => condition?.status === 'True')
  if (seconds === undefined || !end || isTerminating(job)) return { writes: [] }
  const ended = Date.parse(end.lastTransitionTime ?? '') || now.getTime()
  const left = ended + seconds * 1000 - now.getTime()
  if (left > 0) return { writes: [], againInMs: left }
  return { writes: [{ verb: 'delete', object: job, options: { propagationPolicy: 'Foreground' } }] }
}

export const startTtlAfterFinishedController: StartController = (context) => {
  const jobs = context.informers.of(kinds.job)
  const controller = startKeyController(context, {
    name: 'ttl-after-finished-controller',
    kind: kinds.job,
    reads: [kinds.job],
    plan: (key, now) => {
      const job = jobs.get(splitKey(key))
      return job ? planTimeToLive(job, now) : { writes: [] }
    },
  })
  jobs.onChange((job, isThere) => {
    if (isThere) controller.add(keyOf(job))
  })
  return controller
}
