import { listAt, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { createdAt, isTerminating, podPhase } from '../objects/pod-facts.ts'
import { specOfJob } from './job-spec.ts'

/** While a pod has it, the pod was not counted and cannot vanish. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'
export const indexKey = 'batch.kubernetes.io/job-completion-index'
/** How often pods of the index failed before this one, under `backoffLimitPerIndex`. */
export const indexFailuresKey = 'batch.kubernetes.io/job-index-failure-count'

export function isTracked({ metadata }: KubeObject): boolean {
  return metadata.finalizers?.includes(trackingFinalizer) === true
}

export function withoutTracking(pod: KubeObject): KubeObject {
  const finalizers = pod.metadata.finalizers?.filter((entry) => entry !== trackingFinalizer) ?? []
  return { ...pod, metadata: { ...pod.metadata, finalizers } }
}

/** Undefined for pods of a job without indexes. */
export function indexOfPod({ metadata }: KubeObject): number | undefined {
  const text = metadata.annotations?.[indexKey]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

/** A pod that is asked to go before it ended counts as failed, unless the job waits for the end of each. */
export function isFailedPod(job: KubeObject, pod: KubeObject): boolean {
  const phase = podPhase(pod)
  if (phase === 'Failed') return true
  return (
    isTerminating(pod) && phase !== 'Succeeded' && specOfJob(job).podReplacementPolicy !== 'Failed'
  )
}

/** When its last container ended: milliseconds since 1970. */
export function endedAt(pod: KubeObject): number {
  const times = listAt(pod, ['status', 'containerStatuses'])
    .map((status) => Date.parse(textAt(status, ['state', 'terminated', 'finishedAt']) ?? ''))
    .filter((time) => !Number.isNaN(time))
  if (times.length > 0) return Math.max(...times)
  const deleted = Date.parse(pod.metadata.deletionTimestamp ?? '')
  const changed = Math.max(
    0,
    ...listAt(pod, ['status', 'conditions']).map(
      (condition) => Date.parse(textAt(condition, ['lastTransitionTime']) ?? '') || 0,
    ),
  )
  return deleted || changed || createdAt(pod)
}
