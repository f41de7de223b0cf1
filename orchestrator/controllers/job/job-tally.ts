import type { KubeObject } from '../../api/object.ts'
import { isActive, isFinished, isReady, isTerminating, podPhase } from '../objects/pod-facts.ts'
import { judgeFailure } from './failure-policy.ts'
import type { FailureVerdict } from './failure-policy.ts'
import { parseIndexes } from './index-set.ts'
import { indexFailuresKey, indexOfPod, isFailedPod, isTracked } from './job-pods.ts'
import { isIndexed, specOfJob, statusOfJob } from './job-spec.ts'

// Each pod is counted once, though it may vanish at any time and the controller may stop between any two writes:
// its uid is noted in the status, then its finalizer goes, then the count rises and the note goes.

export interface JobTally {
  readonly active: KubeObject[]
  readonly ready: number
  /** Asked to go and not at its end yet. */
  readonly terminating: KubeObject[]
  /** With the noted ones. */
  readonly succeeded: number
  readonly failed: number
  /** Without the noted ones, as the status counts. */
  readonly counted: { readonly succeeded: number; readonly failed: number }
  readonly noted: { readonly succeeded: string[]; readonly failed: string[] }
  readonly completedIndexes: Set<number>
  readonly failedIndexes: Set<number>
  /** Pods whose finalizer goes once their uid is noted, or that need no count. */
  readonly release: KubeObject[]
  /** The first `FailJob` that a pod met. */
  readonly verdict: FailureVerdict | undefined
  /** Whether a failure is new. */
  readonly hasNewFailure: boolean
}

export function tallyJob(job: KubeObject, pods: readonly KubeObject[], ending: boolean): JobTally {
  const status = statusOfJob(job)
  const noted = status.uncountedTerminatedPods ?? {}
  const byUid = new Map(pods.map((pod) => [pod.metadata.uid ?? '', pod]))
  const isPending = (uid: string): boolean => {
    const pod = byUid.get(uid)
    return pod !== undefined && isTracked(pod)
  }
  const pending = {
    succeeded: (noted.succeeded ?? []).filter(isPending),
    failed: (noted.failed ?? []).filter(isPending),
  }
  const counted = {
    succeeded: (status.succeeded ?? 0) + (noted.succeeded ?? []).length - pending.succeeded.length,
    failed: (status.failed ?? 0) + (noted.failed ?? []).length - pending.failed.length,
  }
  const ended = judgeEnded(job, pods, new Set([...pending.succeeded, ...pending.failed]), ending)
  const succeededNow = [...pending.succeeded, ...ended.succeeded]
  const failedNow = [...pending.failed, ...ended.failed]
  const indexed = isIndexed(job)
  const succeeded = indexed ? ended.completedIndexes.size : counted.succeeded + succeededNow.length
  return {
    active: pods.filter(isActive),
    ready: pods.filter((pod) => isActive(pod) && isReady(pod)).length,
    terminating: pods.filter((pod) => isTerminating(pod) && !isFinished(pod)),
    succeeded,
    failed: counted.failed + failedNow.length,
    counted: { ...counted, succeeded: indexed ? succeeded : counted.succeeded },
    noted: { succeeded: succeededNow, failed: failedNow },
    completedIndexes: ended.completedIndexes,
    failedIndexes: ended.failedIndexes,
    release: ended.release,
    verdict: ended.verdict,
    hasNewFailure: ended.failed.length > 0,
  }
}

interface EndedPods {
  readonly succeeded: string[]
  readonly failed: string[]
  readonly completedIndexes: Set<number>
  readonly failedIndexes: Set<number>
  readonly release: KubeObject[]
  verdict: FailureVerdict | undefined
}

function judgeEnded(
  job: KubeObject,
  pods: readonly KubeObject[],
  known: ReadonlySet<string>,
  ending: boolean,
): EndedPods {
  const { completions = 0 } = specOfJob(job)
  const status = statusOfJob(job)
  const ended: EndedPods = {
    succeeded: [],
    failed: [],
    completedIndexes: parseIndexes(status.completedIndexes, completions),
    failedIndexes: parseIndexes(status.failedIndexes, completions),
    release: [],
    verdict: undefined,
  }
  for (const pod of pods.filter(isTracked)) judgePod(job, pod, known, ended, ending)
  for (const index of ended.completedIndexes) ended.failedIndexes.delete(index)
  return ended
}

function judgePod(
  job: KubeObject,
  pod: KubeObject,
  known: ReadonlySet<string>,
  ended: EndedPods,
  ending: boolean,
): void {
  const uid = pod.metadata.uid ?? ''
  if (known.has(uid)) ended.release.push(pod)
  else if (podPhase(pod) === 'Succeeded') countSuccess(job, pod, uid, ended)
  // A job that ends counts what it stopped.
  else if (isFailedPod(job, pod) || (ending && isTerminating(pod)))
    countFailure(job, pod, uid, ended)
}

function countSuccess(job: KubeObject, pod: KubeObject, uid: string, ended: EndedPods): void {
  ended.release.push(pod)
  if (!isIndexed(job)) {
    ended.succeeded.push(uid)
    return
  }
  const index = indexOfPod(pod)
  const isNew = index !== undefined && index < (specOfJob(job).completions ?? 0)
  if (!isNew || ended.completedIndexes.has(index)) return
  ended.completedIndexes.add(index)
  ended.succeeded.push(uid)
}

function countFailure(job: KubeObject, pod: KubeObject, uid: string, ended: EndedPods): void {
  const spec = specOfJob(job)
  const verdict = judgeFailure(spec, pod)
  ended.release.push(pod)
  if (verdict.action === 'FailJob') ended.verdict ??= verdict
  if (verdict.action === 'Ignore') return
  ended.failed.push(uid)
  const index = indexOfPod(pod)
  if (index === undefined || spec.backoffLimitPerIndex === undefined) return
  const failures = Number(pod.metadata.annotations?.[indexFailuresKey] ?? 0)
  if (verdict.action === 'FailIndex' || failures >= spec.backoffLimitPerIndex)
    ended.failedIndexes.add(index)
}
