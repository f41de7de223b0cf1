import { sameJson } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { conditionOf, isTerminating, secondsText, withCondition } from '../objects/pod-facts.ts'
import { createPod, deletePod } from '../writes/pod-writes.ts'
import { statusWrite } from '../writes/write.ts'
import type { Plan, Remark, Write } from '../writes/write.ts'
import { formatIndexes } from './index-set.ts'
import { deadlineMs, judgeJob } from './job-outcome.ts'
import type { Outcome } from './job-outcome.ts'
import { fillPlaces } from './job-places.ts'
import type { JobPlaces } from './job-places.ts'
import { isTracked, withoutTracking } from './job-pods.ts'
import { isIndexed, specOfJob, statusOfJob } from './job-spec.ts'
import type { JobStatus } from './job-spec.ts'
import { tallyJob } from './job-tally.ts'
import type { JobTally } from './job-tally.ts'

/** Complete or Failed: nothing is started for it any more. */
export function isJobFinished(job: KubeObject): boolean {
  return ['Complete', 'Failed'].some((type) => conditionOf(job, type)?.status === 'True')
}

/** @param pods those that the job owns */
export function planJob(job: KubeObject, pods: readonly KubeObject[], now: Date): Plan {
  if (isTerminating(job) || isJobFinished(job))
    return { writes: [...stopRest(job, pods), ...pods.filter(isTracked).map(untrack)] }
  const early = tallyJob(job, pods, false)
  const outcome = judgeJob(job, early, now)
  const tally = outcome ? tallyJob(job, pods, true) : early
  if (outcome) return planEnd(job, tally, outcome, now)
  const places = specOfJob(job).suspend
    ? { start: [], stop: tally.active, waitMs: undefined }
    : fillPlaces(job, pods, tally, now)
  const { status, remarks } = nextStatus(job, tally, undefined, now)
  return {
    writes: [
      ...writeStatus(job, status),
      ...remarks,
      ...tally.release.map(untrack),
      // Stopped because they are too many, not because they failed: they are not counted.
      ...places.stop.flatMap((pod) => [
        ...(isTracked(pod) ? [untrack(pod)] : []),
        deletePod(job, pod),
      ]),
      ...places.start.map((pod) => createPod(job, pod)),
    ],
    againInMs: soonest(places, deadlineMs(job, now)),
  }
}

function soonest({ waitMs }: JobPlaces, deadline: number | undefined): number | undefined {
  const waits = [waitMs, deadline].filter((wait) => wait !== undefined)
  return waits.length > 0 ? Math.max(0, Math.min(...waits)) : undefined
}

/** The pods of a job that is decided go; when the last has ended, it is Complete or Failed. */
function planEnd(job: KubeObject, tally: JobTally, outcome: Outcome, now: Date): Plan {
  const { status, remarks } = nextStatus(job, tally, outcome, now)
  return {
    writes: [
      ...writeStatus(job, status),
      ...remarks,
      ...tally.active.map((pod) => deletePod(job, pod)),
      ...tally.release.map(untrack),
    ],
  }
}

function stopRest(job: KubeObject, pods: readonly KubeObject[]): Write[] {
  return isTerminating(job)
    ? []
    : tallyJob(job, pods, true).active.map((pod) => deletePod(job, pod))
}

function untrack(pod: KubeObject): Write {
  return { verb: 'update', object: withoutTracking(pod) }
}

function writeStatus(job: KubeObject, status: JobStatus): Write[] {
  return sameJson(statusOfJob(job), status) ? [] : [statusWrite(job, status)]
}

interface NextStatus {
  readonly status: JobStatus
  readonly remarks: Write[]
}

function nextStatus(
  job: KubeObject,
  tally: JobTally,
  outcome: Outcome | undefined,
  now: Date,
): NextStatus {
  const remarks: Remark[] = []
  const conditions = nextConditions(job, tally, outcome, now, remarks)
  const complete = conditions.some(({ type, status }) => type === 'Complete' && status === 'True')
  const started = startTime(job, now)
  const { noted, counted, failedIndexes, completedIndexes } = tally
  const perIndex = specOfJob(job).backoffLimitPerIndex !== undefined
  const status: JobStatus = {
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(started === undefined ? {} : { startTime: started }),
    ...(complete ? { completionTime: secondsText(now) } : {}),
    ...positive('active', tally.active.length),
    ...positive('succeeded', counted.succeeded),
    ...positive('failed', counted.failed),
    ...(isIndexed(job) && completedIndexes.size > 0
      ? { completedIndexes: formatIndexes(completedIndexes) }
      : {}),
    ...(isIndexed(job) && perIndex ? { failedIndexes: formatIndexes(failedIndexes) } : {}),
    ready: tally.ready,
    terminating: tally.terminating.length,
    uncountedTerminatedPods: {
      ...(noted.succeeded.length > 0 ? { succeeded: noted.succeeded } : {}),
      ...(noted.failed.length > 0 ? { failed: noted.failed } : {}),
    },
  }
  return { status, remarks: remarks.map((remark) => ({ verb: 'remark', remark })) }
}

function positive(name: string, value: number): JsonObject {
  return value > 0 ? { [name]: value } : {}
}

/** Time does not count for a job that is suspended. */
function startTime(job: KubeObject, now: Date): string | undefined {
  if (specOfJob(job).suspend) return undefined
  return statusOfJob(job).startTime ?? secondsText(now)
}

function nextConditions(
  job: KubeObject,
  tally: JobTally,
  outcome: Outcome | undefined,
  now: Date,
  remarks: Remark[],
): JsonObject[] {
  const conditions = statusOfJob(job).conditions ?? []
  if (!outcome) return suspendConditions(job, conditions, now, remarks)
  const { type, reason, message } = outcome
  const decided = withCondition(conditions, { type, status: 'True', reason, message }, now)
  const { succeeded, failed } = tally.noted
  const open = tally.active.length + tally.terminating.length + succeeded.length + failed.length
  if (open > 0) return decided
  const isFailure = type === 'FailureTarget'
  const last = isFailure ? 'Failed' : 'Complete'
  remarks.push(
    isFailure
      ? { about: job, type: 'Warning', reason, message }
      : { about: job, type: 'Normal', reason: 'Completed', message: 'Job completed' },
  )
  return withCondition(decided, { type: last, status: 'True', reason, message }, now)
}

function suspendConditions(
  job: KubeObject,
  conditions: JsonObject[],
  now: Date,
  remarks: Remark[],
): JsonObject[] {
  const isSuspended = conditionOf(job, 'Suspended')?.status === 'True'
  const wanted = specOfJob(job).suspend === true
  if (wanted === isSuspended) return conditions
  const [status, reason, message] = wanted
    ? ['True', 'JobSuspended', 'Job suspended']
    : ['False', 'JobResumed', 'Job resumed']
  remarks.push({ about: job, type: 'Normal', reason: wanted ? 'Suspended' : 'Resumed', message })
  return withCondition(conditions, { type: 'Suspended', status, reason, message }, now)
}
