import { numberAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { conditionOf, isReady, podPhase, restartsOf } from '../objects/pod-facts.ts'
import type { Condition } from '../objects/pod-facts.ts'
import { parseIndexes } from './index-set.ts'
import { isIndexed, specOfJob, statusOfJob } from './job-spec.ts'
import type { JobSpec } from './job-spec.ts'
import type { JobTally } from './job-tally.ts'

/** `FailureTarget` or `SuccessCriteriaMet`: how a job will end once its pods have. */
export type Outcome = Condition & { reason: string; message: string }

function fails(reason: string, message: string): Outcome {
  return { type: 'FailureTarget', status: 'True', reason, message }
}

function succeeds(reason: string, message: string): Outcome {
  return { type: 'SuccessCriteriaMet', status: 'True', reason, message }
}

/** What was decided before stays decided. Failures come first. */
export function judgeJob(job: KubeObject, tally: JobTally, now: Date): Outcome | undefined {
  const decided = ['FailureTarget', 'SuccessCriteriaMet']
    .map((type) => conditionOf(job, type))
    .find((condition) => condition?.status === 'True')
  if (decided) return decided as Outcome
  const spec = specOfJob(job)
  return (
    judgeFailures(job, spec, tally, now) ??
    judgeIndexes(job, spec, tally) ??
    judgeSuccess(job, spec, tally)
  )
}

function judgeFailures(
  job: KubeObject,
  spec: JobSpec,
  tally: JobTally,
  now: Date,
): Outcome | undefined {
  if (tally.verdict) return fails('PodFailurePolicy', tally.verdict.message)
  if (exceedsBackoff(spec, tally))
    return fails('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  const left = deadlineMs(job, now)
  if (left !== undefined && left <= 0)
    return fails('DeadlineExceeded', 'Job was active longer than specified deadline')
  return undefined
}

/** Milliseconds until the job has been active for too long. */
export function deadlineMs(job: KubeObject, now: Date): number | undefined {
  const { activeDeadlineSeconds: seconds, suspend } = specOfJob(job)
  const { startTime } = statusOfJob(job)
  if (seconds === undefined || startTime === undefined || suspend) return undefined
  return Date.parse(startTime) + seconds * 1000 - now.getTime()
}

/** Pods that start their containers again are not failed: there the restarts count. */
function exceedsBackoff({ backoffLimit = 6, template }: JobSpec, tally: JobTally): boolean {
  if (tally.failed > backoffLimit) return true
  if (template?.spec?.restartPolicy !== 'OnFailure') return false
  const running = tally.active.filter((pod) => isReady(pod) || podPhase(pod) !== 'Failed')
  const restarts = running.reduce((sum, pod) => sum + restartsOf(pod), 0)
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit
}

function judgeIndexes(job: KubeObject, spec: JobSpec, tally: JobTally): Outcome | undefined {
  if (!isIndexed(job) || spec.backoffLimitPerIndex === undefined) return undefined
  const { completedIndexes, failedIndexes } = tally
  if (spec.maxFailedIndexes !== undefined && failedIndexes.size > spec.maxFailedIndexes)
    return fails(
      'MaxFailedIndexesExceeded',
      'Job has exceeded the specified maximal number of failed indexes',
    )
  const done = completedIndexes.size + failedIndexes.size >= (spec.completions ?? 0)
  return done && failedIndexes.size > 0
    ? fails('FailedIndexes', 'Job has failed indexes')
    : undefined
}

function judgeSuccess(job: KubeObject, spec: JobSpec, tally: JobTally): Outcome | undefined {
  const rule = matchSuccessPolicy(spec, tally.completedIndexes)
  if (rule !== undefined) return succeeds('SuccessPolicy', `Matched rules at index ${rule}`)
  const wanted = numberAt(job, ['spec', 'completions'])
  // Without a number, the pods agree among themselves: one success, and all have ended.
  const reached =
    wanted === undefined
      ? tally.succeeded > 0 && tally.active.length === 0
      : tally.succeeded >= wanted && (spec.parallelism !== 0 || tally.active.length === 0)
  return reached
    ? succeeds('CompletionsReached', 'Reached expected number of succeeded pods')
    : undefined
}

/** @returns the number of the first rule that the completed indexes satisfy */
export function matchSuccessPolicy(
  { successPolicy, completions = 0 }: JobSpec,
  completed: ReadonlySet<number>,
): number | undefined {
  const index = (successPolicy?.rules ?? []).findIndex(({ succeededIndexes, succeededCount }) => {
    const wanted =
      succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes, completions)
    const matching = wanted ? wanted.intersection(completed).size : completed.size
    return matching >= (succeededCount ?? wanted?.size ?? Infinity)
  })
  return index === -1 ? undefined : index
}
