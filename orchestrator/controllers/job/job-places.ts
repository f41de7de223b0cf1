import type { KubeObject } from '../../api/object.ts'
import {
  createdAt,
  isFinished,
  isReady,
  isTerminating,
  nodeOf,
  podPhase,
} from '../objects/pod-facts.ts'
import { backOffMs } from './job-back-off.ts'
import { indexFailuresKey, indexOfPod, isFailedPod } from './job-pods.ts'
import { makeJobPod } from './job-pod.ts'
import { isIndexed, specOfJob } from './job-spec.ts'
import type { JobTally } from './job-tally.ts'

export interface JobPlaces {
  readonly start: KubeObject[]
  readonly stop: KubeObject[]
  /** Milliseconds until more may be started. */
  readonly waitMs: number | undefined
}

/** Pods that one look at a job starts; those that are there then are looked at before more are made. */
const burst = 500

/** Which pods a job that goes on starts and stops. */
export function fillPlaces(
  job: KubeObject,
  pods: readonly KubeObject[],
  tally: JobTally,
  now: Date,
): JobPlaces {
  const excess = isIndexed(job) ? surplusIndexes(job, tally) : []
  const active = tally.active.filter((pod) => !excess.includes(pod))
  const wanted = wantedActive(job, tally, active.length)
  if (active.length > wanted) {
    const stop = active.toSorted(leastUseful).slice(0, active.length - wanted)
    return { start: [], stop: [...excess, ...stop], waitMs: undefined }
  }
  // A pod that is going still holds its place if the job wants each pod at its end first.
  const held = specOfJob(job).podReplacementPolicy === 'Failed' ? tally.terminating : []
  const free = wanted - active.length - held.length
  const places = isIndexed(job)
    ? indexPlaces(job, pods, tally, [...active, ...held], free, now)
    : plainPlaces(job, pods, free, now)
  return { ...places, stop: excess }
}

function wantedActive(job: KubeObject, tally: JobTally, active: number): number {
  const { parallelism = 1, completions } = specOfJob(job)
  if (completions === undefined)
    return tally.succeeded > 0 ? Math.min(active, parallelism) : parallelism
  const open = completions - tally.succeeded - tally.failedIndexes.size
  return Math.max(0, Math.min(parallelism, open))
}

/** Pods of an index that is done, or that another pod works on. */
function surplusIndexes(job: KubeObject, tally: JobTally): KubeObject[] {
  const { completions = 0 } = specOfJob(job)
  const seen = new Set([...tally.completedIndexes, ...tally.failedIndexes])
  return tally.active
    .toSorted((a, b) => -leastUseful(a, b))
    .filter((pod) => {
      const index = indexOfPod(pod)
      const surplus = index === undefined || index >= completions || seen.has(index)
      if (index !== undefined) seen.add(index)
      return surplus
    })
}

function leastUseful(a: KubeObject, b: KubeObject): number {
  return usefulness(a) - usefulness(b) || createdAt(b) - createdAt(a)
}

function usefulness(pod: KubeObject): number {
  return (nodeOf(pod) ? 1 : 0) + (podPhase(pod) === 'Running' ? 2 : 0) + (isReady(pod) ? 4 : 0)
}

function plainPlaces(
  job: KubeObject,
  pods: readonly KubeObject[],
  free: number,
  now: Date,
): Omit<JobPlaces, 'stop'> {
  if (free <= 0) return { start: [], waitMs: undefined }
  const wait = backOffMs(job, pods, now)
  if (wait > 0) return { start: [], waitMs: wait }
  return {
    start: Array.from({ length: Math.min(free, burst) }, () => makeJobPod(job, undefined, 0)),
    waitMs: undefined,
  }
}

function indexPlaces(
  job: KubeObject,
  pods: readonly KubeObject[],
  tally: JobTally,
  taken: readonly KubeObject[],
  free: number,
  now: Date,
): Omit<JobPlaces, 'stop'> {
  const { completions = 0, backoffLimitPerIndex } = specOfJob(job)
  const busy = new Set([
    ...taken.map(indexOfPod),
    ...tally.completedIndexes,
    ...tally.failedIndexes,
  ])
  const byIndex = Map.groupBy(pods, indexOfPod)
  const waits: number[] = []
  const start: KubeObject[] = []
  const whole = backoffLimitPerIndex === undefined ? backOffMs(job, pods, now) : 0
  if (whole > 0) return { start, waitMs: free > 0 ? whole : undefined }
  const most = Math.min(free, burst)
  for (let index = 0; index < completions && start.length < most; index++) {
    if (busy.has(index)) continue
    const earlier = byIndex.get(index) ?? []
    const wait = backoffLimitPerIndex === undefined ? 0 : backOffMs(job, earlier, now)
    if (wait > 0) waits.push(wait)
    else start.push(makeJobPod(job, index, failuresOf(job, earlier)))
  }
  return { start, waitMs: waits.length > 0 ? Math.min(...waits) : undefined }
}

function failuresOf(job: KubeObject, earlier: readonly KubeObject[]): number {
  const counts = earlier
    .filter((pod) => isFailedPod(job, pod) || (isFinished(pod) && !isTerminating(pod)))
    .map((pod) => Number(pod.metadata.annotations?.[indexFailuresKey] ?? 0) + 1)
  return Math.max(0, ...counts)
}
