import { numberAt, sameJson, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import {
  availableAt,
  isAvailable,
  isFinished,
  isReady,
  isTerminating,
  podPhase,
} from '../objects/pod-facts.ts'
import { keyOf } from '../objects/ownership.ts'
import { hashOf, planRevision, planRevisionHistory } from '../revisions/revision.ts'
import { statusWrite } from '../writes/write.ts'
import type { Plan, Write } from '../writes/write.ts'
import {
  claimNames,
  firstOrdinal,
  makeStatefulPod,
  missingClaims,
  ordinalOf,
  remarks,
} from './stateful-pod.ts'

export interface StatefulSetView {
  readonly set: KubeObject
  readonly pods: readonly KubeObject[]
  readonly revisions: readonly KubeObject[]
  /** Claims of the namespace by name. */
  readonly claims: ReadonlyMap<string, KubeObject>
  readonly now: Date
}

interface Step {
  readonly set: KubeObject
  readonly view: StatefulSetView
  readonly byOrdinal: ReadonlyMap<number, KubeObject>
  readonly current: KubeObject
  readonly update: KubeObject
  /** One after the other, each waiting for the one before. */
  readonly isOrdered: boolean
  readonly isHealthy: (pod: KubeObject) => boolean
}

/** Pods with names, made in order, gone in the opposite one, replaced from the last. */
export function planStatefulSet(view: StatefulSetView): Plan {
  const { set, pods, now } = view
  const labels = {
    ...(valueAt(set, ['spec', 'selector', 'matchLabels']) as Record<string, string> | undefined),
  }
  const { current: update, others, writes } = planRevision(set, view.revisions, labels)
  const known = textAt(set, ['status', 'currentRevision'])
  const current = others.find(({ metadata }) => metadata.name === known) ?? update
  const minReady = numberAt(set, ['spec', 'minReadySeconds']) ?? 0
  const step: Step = {
    set,
    view,
    byOrdinal: new Map(pods.map((pod) => [ordinalOf(set, pod) ?? -1, pod])),
    current,
    update,
    isOrdered: textAt(set, ['spec', 'podManagementPolicy']) !== 'Parallel',
    isHealthy: (pod) =>
      podPhase(pod) === 'Running' && !isTerminating(pod) && isAvailable(pod, minReady, now),
  }
  const inUse = new Set([...pods.map(hashOf), current.metadata.name])
  const unused = others.filter(({ metadata }) => !inUse.has(metadata.name))
  const waits = pods
    .map((pod) => (availableAt(pod, minReady) ?? 0) - now.getTime())
    .filter((ms) => ms > 0)
  return {
    writes: [
      ...writes,
      ...(isTerminating(set) ? [] : nextStep(step)),
      ...planStatus(step),
      ...planRevisionHistory(set, unused, new Set()),
    ],
    againInMs: waits.length > 0 ? Math.min(...waits) : undefined,
  }
}

function replicasOf(set: KubeObject): number {
  return numberAt(set, ['spec', 'replicas']) ?? 1
}

/** Pods that one look at a set makes; those that are there then are looked at before more are made. */
const burst = 500

/** The ordinals that are to be there, however many they are. */
interface Range {
  readonly first: number
  /** One after the last. */
  readonly end: number
}

const isIn = ({ first, end }: Range, ordinal: number): boolean => ordinal >= first && ordinal < end

function nextStep(step: Step): Write[] {
  const first = firstOrdinal(step.set)
  const wanted = { first, end: first + replicasOf(step.set) }
  const made = makeReplicas(step, wanted)
  if (made.writes.length > 0 || (step.isOrdered && !made.isComplete)) {
    // Even then pods that are too many go, if nobody waits for anybody.
    return step.isOrdered ? made.writes : [...made.writes, ...removeSurplus(step, wanted)]
  }
  const removed = removeSurplus(step, wanted)
  if (removed.length > 0) return removed
  return [...removeClaims(step, wanted), ...updateReplicas(step, wanted)]
}

/** Make what is missing. Ordered: one at a time, when all before it are healthy. */
function makeReplicas(step: Step, wanted: Range): { writes: Write[]; isComplete: boolean } {
  const writes: Write[] = []
  for (let ordinal = wanted.first; ordinal < wanted.end; ordinal++) {
    if (writes.length >= burst) return { writes, isComplete: false }
    const pod = step.byOrdinal.get(ordinal)
    if (!pod) writes.push(...createReplica(step, ordinal))
    else if (isFinished(pod) && !isTerminating(pod)) writes.push(...recreate(step.set, pod))
    else if (step.isHealthy(pod)) continue
    if (step.isOrdered) return { writes, isComplete: false }
  }
  return { writes, isComplete: true }
}

function createReplica(step: Step, ordinal: number): Write[] {
  const { set, view, current, update } = step
  const object = makeStatefulPod(set, ordinal, isCurrentNeeded(step, ordinal) ? current : update)
  const what = `create Pod ${object.metadata.name} in StatefulSet ${set.metadata.name}`
  return [
    ...missingClaims(set, ordinal, (name) => view.claims.has(name)),
    { verb: 'create', object, ...remarks(set, 'Create', what, 'successful', 'failed error: ') },
  ]
}

/** During an update, what comes back where the update has not been yet comes back as it was. */
function isCurrentNeeded({ set, view, current }: Step, ordinal: number): boolean {
  if (textAt(set, ['spec', 'updateStrategy', 'type']) === 'OnDelete') return false
  // Counted anew: the status still counts the pod that has just gone for its update.
  const left = view.pods.filter(
    (pod) => !isTerminating(pod) && hashOf(pod) === current.metadata.name,
  ).length
  return ordinal < firstOrdinal(set) + (partitionOf(set) || left)
}

function partitionOf(set: KubeObject): number {
  return numberAt(set, ['spec', 'updateStrategy', 'rollingUpdate', 'partition']) ?? 0
}

function recreate(set: KubeObject, pod: KubeObject): Write[] {
  const failed = podPhase(pod) === 'Failed'
  const remark = {
    about: set,
    type: failed ? ('Warning' as const) : ('Normal' as const),
    reason: failed ? 'RecreatingFailedPod' : 'RecreatingTerminatedPod',
    message: `StatefulSet ${keyOf(set)} is recreating ${failed ? 'failed' : 'terminated'} Pod ${pod.metadata.name}`,
  }
  return [{ verb: 'remark', remark }, deleteReplica(set, pod)]
}

function deleteReplica(set: KubeObject, object: KubeObject): Write {
  const what = `delete Pod ${object.metadata.name} in StatefulSet ${set.metadata.name}`
  return { verb: 'delete', object, ...remarks(set, 'Delete', what, 'successful', 'failed error: ') }
}

/** Pods beyond the number wanted, the last one first; ordered: one at a time. */
function removeSurplus({ set, byOrdinal, isOrdered }: Step, wanted: Range): Write[] {
  const surplus = [...byOrdinal]
    .filter(([ordinal]) => ordinal >= 0 && !isIn(wanted, ordinal))
    .toSorted(([a], [b]) => b - a)
    .map(([, pod]) => pod)
  const going = surplus.some(isTerminating)
  const staying = surplus.filter((pod) => !isTerminating(pod))
  if (!isOrdered) return staying.map((pod) => deleteReplica(set, pod))
  if (going) return []
  const next = staying[0]
  return next ? [deleteReplica(set, next)] : []
}

function removeClaims({ set, view, byOrdinal }: Step, wanted: Range): Write[] {
  const policy = textAt(set, ['spec', 'persistentVolumeClaimRetentionPolicy', 'whenScaled'])
  if (policy !== 'Delete') return []
  const own = claimNames(set, 0).map((name) => name.slice(0, -1))
  const isSurplus = (ordinal: string): boolean =>
    /^\d+$/.test(ordinal) && !isIn(wanted, Number(ordinal)) && !byOrdinal.has(Number(ordinal))
  return [...view.claims]
    .filter(([name]) =>
      own.some((prefix) => name.startsWith(prefix) && isSurplus(name.slice(prefix.length))),
    )
    .filter(([, claim]) => !isTerminating(claim))
    .map(([, object]) => ({ verb: 'delete', object }))
}

/** From the last pod to the partition: one goes when all above it are as wanted and healthy. */
function updateReplicas({ set, byOrdinal, update, isHealthy }: Step, wanted: Range): Write[] {
  if (textAt(set, ['spec', 'updateStrategy', 'type']) === 'OnDelete') return []
  const from = Math.max(wanted.first, firstOrdinal(set) + partitionOf(set))
  for (let ordinal = wanted.end - 1; ordinal >= from; ordinal--) {
    const pod = byOrdinal.get(ordinal)
    if (!pod) return []
    if (hashOf(pod) !== update.metadata.name && !isTerminating(pod))
      return [deleteReplica(set, pod)]
    if (!isHealthy(pod)) return []
  }
  return []
}

function planStatus({ set, view, current, update }: Step): Write[] {
  const minReady = numberAt(set, ['spec', 'minReadySeconds']) ?? 0
  const { pods, now } = view
  const replicas = replicasOf(set)
  const living = pods.filter((pod) => !isTerminating(pod))
  const count = (test: (pod: KubeObject) => boolean): number => pods.filter(test).length
  const ready = count((pod) => podPhase(pod) === 'Running' && isReady(pod))
  const updated = living.filter((pod) => hashOf(pod) === update.metadata.name).length
  const isDone =
    textAt(set, ['spec', 'updateStrategy', 'type']) !== 'OnDelete' &&
    updated === replicas &&
    ready === replicas &&
    pods.length === replicas
  const atCurrent = living.filter((pod) => hashOf(pod) === current.metadata.name).length
  const revision = (isDone ? update : current).metadata.name ?? ''
  const status: JsonObject = {
    observedGeneration: set.metadata.generation ?? 0,
    replicas: pods.length,
    availableReplicas: count(
      (pod) => podPhase(pod) === 'Running' && isAvailable(pod, minReady, now),
    ),
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...((isDone ? updated : atCurrent) > 0
      ? { currentReplicas: isDone ? updated : atCurrent }
      : {}),
    ...(updated > 0 ? { updatedReplicas: updated } : {}),
    currentRevision: revision,
    updateRevision: update.metadata.name ?? '',
    collisionCount: numberAt(set, ['status', 'collisionCount']) ?? 0,
  }
  return sameJson(set.status ?? {}, status) ? [] : [statusWrite(set, status)]
}
