import { listAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { secondsText } from '../objects/pod-facts.ts'
import type { Condition } from '../objects/pod-facts.ts'

/** A condition of a Deployment; it also says when it was last confirmed. */
export interface DeploymentCondition extends Condition {
  lastUpdateTime?: string
}

export type Conditions = readonly DeploymentCondition[]

export function conditionsOf(object: KubeObject): Conditions {
  return listAt(object, ['status', 'conditions']) as unknown as Conditions
}

export function findCondition(
  conditions: Conditions,
  type: string,
): DeploymentCondition | undefined {
  return conditions.find((condition) => condition.type === type)
}

export function without(conditions: Conditions, type: string): Conditions {
  return conditions.filter((condition) => condition.type !== type)
}

/** The conditions with one set; the same status for the same reason is no news. */
export function setCondition(
  conditions: Conditions,
  { type, status, reason = '', message = '' }: Condition,
  now: Date,
): Conditions {
  const current = findCondition(conditions, type)
  if (current?.status === status && current.reason === reason) return conditions
  return replaceCondition(conditions, { type, status, reason, message }, now)
}

/** Set a condition anew even if nothing of it changed: progress was made just now. */
export function replaceCondition(
  conditions: Conditions,
  { type, status, reason = '', message = '' }: Condition,
  now: Date,
): Conditions {
  const current = findCondition(conditions, type)
  const time = secondsText(now)
  const since = current?.status === status ? current.lastTransitionTime : undefined
  const condition: JsonObject & DeploymentCondition = {
    type,
    status,
    lastUpdateTime: time,
    lastTransitionTime: since ?? time,
    reason,
    message,
  }
  return [...without(conditions, type), condition]
}

export const progressing = 'Progressing'
export const newSetAvailable = 'NewReplicaSetAvailable'
export const deadlineExceeded = 'ProgressDeadlineExceeded'
const paused = 'DeploymentPaused'

/** While it is paused, and just after, no deadline is counted. */
export function pauseConditions(conditions: Conditions, isPaused: boolean, now: Date): Conditions {
  const reason = findCondition(conditions, progressing)?.reason
  if (reason === deadlineExceeded || (reason === paused) === isPaused) return conditions
  const [newReason, message] = isPaused
    ? [paused, 'Deployment is paused']
    : ['DeploymentResumed', 'Deployment is resumed']
  const condition = { type: progressing, status: 'Unknown', reason: newReason, message }
  return setCondition(conditions, condition, now)
}
