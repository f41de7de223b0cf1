import { isObject, listAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { Client, KindName } from '../client/client.ts'
import type { PodInfo } from './pod-info.ts'

// What the scheduler writes: bindings, conditions, nominations, and the end of victims.

export const podKind: KindName = { apiVersion: 'v1', kind: 'Pod' }

/** @throws StatusError 409 when it has a node already or is ending, 404 when it is gone */
export async function writeBinding(client: Client, pod: PodInfo, node: string): Promise<void> {
  const { namespace, name, uid } = pod
  await client.create(
    {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    },
    { of: podKind, name },
  )
}

/** Change a claim or a volume, as long as it is as it was looked at. @throws StatusError 409 where it is not */
export async function writeVolume(
  client: Client,
  { apiVersion, kind, metadata }: KubeObject,
  change: JsonObject,
): Promise<void> {
  const { name = '', namespace, resourceVersion = '' } = metadata
  const given = isObject(change['metadata']) ? change['metadata'] : {}
  const body = { ...change, metadata: { ...given, resourceVersion } }
  await client.patch({ apiVersion, kind }, { name, namespace }, 'merge', body)
}

export interface ConditionChange {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

/** A condition of the pod, written only when it says something new; with it, which node it waits for. */
async function writeCondition(
  client: Client,
  pod: PodInfo,
  condition: ConditionChange,
  nominatedNodeName?: string,
): Promise<void> {
  const changed = !isThere(pod.object, condition)
  const renamed = nominatedNodeName !== undefined && nominatedNodeName !== pod.nominatedNodeName
  if (!changed && !renamed) return
  const status: JsonObject = {}
  if (changed) status['conditions'] = [withTimes(pod.object, condition)]
  if (renamed) status['nominatedNodeName'] = nominatedNodeName === '' ? null : nominatedNodeName
  const { namespace, name, uid } = pod
  const of = { namespace, name }
  // With the uid, a pod of the same name that came after it is left alone.
  await client.patch(podKind, of, 'strategic', { metadata: { uid }, status }, 'status')
}

function isThere(pod: KubeObject, { type, status, reason, message }: ConditionChange): boolean {
  const known = conditionOf(pod, type)
  return (
    known !== undefined &&
    known['status'] === status &&
    known['reason'] === reason &&
    known['message'] === message
  )
}

function conditionOf(pod: KubeObject, type: string): JsonObject | undefined {
  return listAt(pod, ['status', 'conditions']).find((condition) => condition['type'] === type)
}

function withTimes(pod: KubeObject, condition: ConditionChange): JsonObject {
  const known = conditionOf(pod, condition.type)
  const isTransition = known?.['status'] !== condition.status
  const now = `${new Date().toISOString().slice(0, 19)}Z`
  return {
    ...condition,
    lastProbeTime: null,
    lastTransitionTime: isTransition ? now : (known?.['lastTransitionTime'] ?? now),
  }
}

/** Say of a pod with gates why it has no node. */
export async function writeGate(client: Client, pod: PodInfo): Promise<void> {
  await ignoreGone(
    writeCondition(client, pod, {
      type: 'PodScheduled',
      status: 'False',
      reason: 'SchedulingGated',
      message: 'Scheduling is blocked due to non-empty scheduling gates',
    }),
  )
}

/** Say of a pod why it has no node, and which node it waits for. */
export async function writeUnschedulable(
  client: Client,
  pod: PodInfo,
  message: string,
  nominatedNodeName?: string,
): Promise<void> {
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' } as const
  await ignoreGone(writeCondition(client, pod, { ...condition, message }, nominatedNodeName))
}

/** End a pod to make room: it is told why, then deleted with its usual grace. */
export async function evictVictim(
  client: Client,
  victim: PodInfo,
  schedulerName: string,
): Promise<void> {
  const { namespace, name, uid } = victim
  await ignoreGone(
    writeCondition(client, victim, {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
    }),
  )
  await ignoreGone(client.delete(podKind, { namespace, name }, { preconditions: { uid } }))
}

export function isGone(error: unknown): boolean {
  return error instanceof StatusError && error.status.code === 404
}

async function ignoreGone(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!isGone(error)) throw error
  }
}
