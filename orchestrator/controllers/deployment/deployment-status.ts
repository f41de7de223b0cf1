import { numberAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { conditionOf } from '../objects/pod-facts.ts'
import {
  deadlineExceeded,
  findCondition,
  newSetAvailable,
  progressing,
  replaceCondition,
  setCondition,
  without,
} from './deployment-conditions.ts'
import type { Conditions } from './deployment-conditions.ts'
import {
  availableReplicas,
  progressDeadline,
  rolloutLimits,
  statusCount,
  sumOf,
  wantedReplicas,
} from './deployment-facts.ts'

/** A Deployment's sets, as far as its status is about them. */
export interface StatusView {
  readonly deployment: KubeObject
  readonly newSet: KubeObject | undefined
  readonly oldSets: readonly KubeObject[]
  /** As they are with what this plan already said. */
  readonly conditions: Conditions
  readonly now: Date
}

export interface DeploymentStatus {
  readonly status: JsonObject
  /** Milliseconds until the deadline of progress. */
  readonly deadlineInMs: number | undefined
}

/** Counts of pods, and whether enough of them are available. */
export function countedStatus(view: StatusView): JsonObject {
  return statusOf(view, countPods(view), availability(view))
}

/** The status of a Deployment that is rolled out: also whether that goes on. */
export function rolloutStatus(view: StatusView): DeploymentStatus {
  const counts = countPods(view)
  const moved = progress(view, counts, availability(view))
  const status = statusOf(view, counts, failures(view, moved))
  return { status, deadlineInMs: untilDeadline(view, counts, moved) }
}

interface PodCounts {
  readonly replicas: number
  readonly updatedReplicas: number
  readonly readyReplicas: number
  readonly availableReplicas: number
  readonly unavailableReplicas: number
}

function countPods({ newSet, oldSets }: StatusView): PodCounts {
  const sets = newSet ? [...oldSets, newSet] : oldSets
  const available = sumOf(sets, availableReplicas)
  return {
    replicas: sumOf(sets, (set) => statusCount(set, 'replicas')),
    updatedReplicas: newSet ? statusCount(newSet, 'replicas') : 0,
    readyReplicas: sumOf(sets, (set) => statusCount(set, 'readyReplicas')),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sumOf(sets, wantedReplicas) - available),
  }
}

function statusOf(
  { deployment }: StatusView,
  counts: PodCounts,
  conditions: Conditions,
): JsonObject {
  const collisionCount = numberAt(deployment, ['status', 'collisionCount'])
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    // Counts of nothing are not written.
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    ...(conditions.length === 0 ? {} : { conditions: [...conditions] as JsonObject[] }),
  }
}

function availability({ deployment, newSet, oldSets, conditions, now }: StatusView): Conditions {
  const sets = newSet ? [...oldSets, newSet] : oldSets
  const least = wantedReplicas(deployment) - rolloutLimits(deployment).unavailable
  const isEnough = sumOf(sets, availableReplicas) >= least
  const condition = {
    type: 'Available',
    status: isEnough ? 'True' : 'False',
    reason: isEnough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${isEnough ? 'has' : 'does not have'} minimum availability.`,
  }
  return setCondition(conditions, condition, now)
}

/** The condition Progressing, by what changed since the status was last written. */
function progress(view: StatusView, counts: PodCounts, conditions: Conditions): Conditions {
  const { deployment, newSet, now } = view
  if (progressDeadline(deployment) === undefined) return without(conditions, progressing)
  const current = findCondition(conditions, progressing)
  if (counts.replicas === counts.updatedReplicas && current?.reason === newSetAvailable)
    return conditions
  const who = newSet
    ? `ReplicaSet "${newSet.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`
  const say = (status: string, reason: string, message: string) => ({
    type: progressing,
    status,
    reason,
    message: `${who} ${message}`,
  })
  if (isComplete(deployment, counts))
    return setCondition(
      conditions,
      say('True', newSetAvailable, 'has successfully progressed.'),
      now,
    )
  if (isMoving(deployment, counts))
    return replaceCondition(conditions, say('True', 'ReplicaSetUpdated', 'is progressing.'), now)
  if (isLate(view, conditions))
    return setCondition(
      conditions,
      say('False', deadlineExceeded, 'has timed out progressing.'),
      now,
    )
  return conditions
}

function isComplete(deployment: KubeObject, counts: PodCounts): boolean {
  const wanted = wantedReplicas(deployment)
  const { updatedReplicas, replicas, availableReplicas: available } = counts
  return updatedReplicas === wanted && replicas === wanted && available === wanted
}

/** Whether all pods are of the new set and available, by the last status that was written. */
export function isRolledOut(deployment: KubeObject): boolean {
  const names = ['updatedReplicas', 'replicas', 'availableReplicas']
  const wanted = wantedReplicas(deployment)
  return (
    names.every((name) => statusCount(deployment, name) === wanted) &&
    statusCount(deployment, 'observedGeneration') >= (deployment.metadata.generation ?? 0)
  )
}

function isMoving(deployment: KubeObject, counts: PodCounts): boolean {
  const before = (name: string): number => statusCount(deployment, name)
  const oldBefore = before('replicas') - before('updatedReplicas')
  return (
    counts.updatedReplicas > before('updatedReplicas') ||
    counts.replicas - counts.updatedReplicas < oldBefore ||
    counts.readyReplicas > before('readyReplicas') ||
    counts.availableReplicas > before('availableReplicas')
  )
}

/** Milliseconds left until the deadline, below zero when it has passed; undefined where none is counted. */
function timeLeft({ deployment, now }: StatusView, conditions: Conditions): number | undefined {
  const current = findCondition(conditions, progressing)
  const deadline = progressDeadline(deployment)
  if (!current || deadline === undefined || current.reason === newSetAvailable) return undefined
  return Date.parse(current.lastUpdateTime ?? '') + deadline * 1000 - now.getTime()
}

function isLate(view: StatusView, conditions: Conditions): boolean {
  if (findCondition(conditions, progressing)?.reason === deadlineExceeded) return true
  const left = timeLeft(view, conditions)
  return left !== undefined && left < 0
}

function untilDeadline(
  view: StatusView,
  counts: PodCounts,
  conditions: Conditions,
): number | undefined {
  const reason = findCondition(conditions, progressing)?.reason
  if (reason === deadlineExceeded || isComplete(view.deployment, counts)) return undefined
  const left = timeLeft(view, conditions)
  return left === undefined ? undefined : Math.max(0, left) + 1000
}

/** What keeps a set from having its pods, said of the whole; the new set's trouble comes first. */
function failures({ newSet, oldSets, now }: StatusView, conditions: Conditions): Conditions {
  const failed = [...(newSet ? [newSet] : []), ...oldSets]
    .map((set) => conditionOf(set, 'ReplicaFailure'))
    .find((condition) => condition?.status === 'True')
  if (!failed) return without(conditions, 'ReplicaFailure')
  const { status, reason = '', message = '' } = failed
  return setCondition(conditions, { type: 'ReplicaFailure', status, reason, message }, now)
}
