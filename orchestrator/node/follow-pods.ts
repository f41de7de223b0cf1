import type { ContainerRecord } from '../../runtime/container/record.ts'
import type { KubeObject } from '../api/object.ts'
import { qosClass } from '../api/qos-class.ts'
import type { Informer } from '../client/informer.ts'
import { isOver, refusalOf, refused, wasAdmitted } from './admit-pod.ts'
import type { NodeRoom } from './admit-pod.ts'
import { findRuns } from './container-runs.ts'
import { endDamagedRuns } from './damaged-runs.ts'
import type { PodTools } from './pod-tools.ts'
import type { PodVerdict } from './pod-verdict.ts'
import { pressureRefusal } from './pressure/pressure-conditions.ts'
import type { PressureMemory } from './pressure/pressure-conditions.ts'
import { PodWorker } from './pod-worker.ts'
import { removeOrphans } from './remove-orphans.ts'

interface FollowedPods {
  /** By uid; kept by this. */
  readonly workers: Map<string, PodWorker>
  /** What the node has now. */
  readonly room: () => NodeRoom
  readonly hasPressure: PressureMemory['has']
}

/** A worker for each pod of the node, as long as it is one. @returns when those that are there have one */
export async function followPods(
  tools: PodTools,
  pods: Informer,
  { workers, room, hasPressure }: FollowedPods,
): Promise<void> {
  await pods.synced
  await endDamagedRuns(tools.context, tools.onProblem)
  const runs = findRuns(tools.context)
  const present = new Set(pods.list().map(uidOf))
  await removeOrphans(tools, runs, present)
  const isKnown = (pod: KubeObject): boolean => wasAdmitted(pod) || runs.has(uidOf(pod))
  // Those that an agent before us took, which may not have a worker yet, and those of ours.
  const isTaken = (pod: KubeObject): boolean =>
    !isOver(pod) && (workers.get(uidOf(pod))?.isActive ?? isKnown(pod))
  const verdictOn = (pod: KubeObject): PodVerdict | undefined => {
    if (isKnown(pod) || pod.metadata.deletionTimestamp !== undefined) return undefined
    const condition = pressureRefusal(qosClass(pod.spec ?? {}), pod.spec ?? {}, hasPressure)
    if (condition !== undefined) return refused('Evicted', condition)
    return refusalOf(pod, room(), pods.list().filter(isTaken))
  }
  pods.onChange((pod, isThere) => {
    const uid = uidOf(pod)
    const worker = workers.get(uid)
    if (isThere && worker) return worker.update(pod)
    if (!isThere) return worker?.update(deleted(pod))
    const verdict = verdictOn(pod)
    workers.set(uid, begin(tools, pod, runs.get(uid) ?? [], workers))
    runs.delete(uid)
    if (verdict) workers.get(uid)?.evict(verdict)
  })
}

function begin(
  tools: PodTools,
  pod: KubeObject,
  runs: readonly ContainerRecord[],
  workers: Map<string, PodWorker>,
): PodWorker {
  return new PodWorker(tools, pod, runs, () => void workers.delete(uidOf(pod)))
}

function uidOf({ metadata }: KubeObject): string {
  return metadata.uid ?? ''
}

/** A pod that was taken away by force still has to end here. */
function deleted(pod: KubeObject): KubeObject {
  const { deletionTimestamp = new Date().toISOString() } = pod.metadata
  return {
    ...pod,
    metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 1 },
  }
}
