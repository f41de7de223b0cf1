import { listAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Write } from '../writes/write.ts'
import { conditionOf, isFinished, withCondition } from './pod-facts.ts'

/** What a pod says of why it was taken away, so that a Job can tell it from a failure of the pod's own. */
export function disruptionWrites(
  pod: KubeObject,
  why: { readonly reason: string; readonly message: string },
  now: Date,
  fail: boolean,
): Write[] {
  const phase = fail && !isFinished(pod) ? { phase: 'Failed' } : {}
  const known = conditionOf(pod, 'DisruptionTarget')?.reason === why.reason
  if (known && !('phase' in phase)) return []
  const conditions = withCondition(
    listAt(pod, ['status', 'conditions']),
    { type: 'DisruptionTarget', status: 'True', ...why },
    now,
  )
  const status = { ...pod.status, ...phase, conditions }
  return [{ verb: 'update', object: { ...pod, status }, subresource: 'status' }]
}
