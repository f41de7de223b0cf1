import { listAt, numberAt, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'

// What controllers ask about a pod. Pure: the time is given.

/** A condition as every status has them, like `Ready`. */
export interface Condition extends JsonObject {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  return listAt(object, ['status', 'conditions']).find((entry) => entry['type'] === type) as
    | Condition
    | undefined
}

/** The conditions with one set; its `lastTransitionTime` is kept while its status stays the same. */
export function withCondition(
  conditions: readonly JsonObject[],
  wanted: Condition,
  now: Date,
): JsonObject[] {
  const index = conditions.findIndex(({ type }) => type === wanted.type)
  const current = conditions[index]
  const since = current?.['status'] === wanted.status ? current['lastTransitionTime'] : undefined
  const condition = { ...wanted, lastTransitionTime: since ?? secondsText(now) }
  return index === -1 ? [...conditions, condition] : conditions.with(index, condition)
}

/** A time as objects write it: whole seconds. */
export function secondsText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}

export function podPhase(pod: KubeObject): string {
  return textAt(pod, ['status', 'phase']) ?? 'Pending'
}

export function isTerminating({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}

/** It ran and will not run again. */
export function isFinished(pod: KubeObject): boolean {
  const phase = podPhase(pod)
  return phase === 'Succeeded' || phase === 'Failed'
}

/** It runs or will run, and nobody asked it to go. */
export function isActive(pod: KubeObject): boolean {
  return !isFinished(pod) && !isTerminating(pod)
}

export function isReady(pod: KubeObject): boolean {
  return conditionOf(pod, 'Ready')?.status === 'True'
}

/** When it will have been ready for that long: milliseconds since 1970; undefined while it is not ready. */
export function availableAt(pod: KubeObject, minReadySeconds: number): number | undefined {
  const ready = conditionOf(pod, 'Ready')
  if (ready?.status !== 'True') return undefined
  const since = Date.parse(ready.lastTransitionTime ?? '')
  return (Number.isNaN(since) ? 0 : since) + minReadySeconds * 1000
}

/** Ready, and has been for `minReadySeconds`. */
export function isAvailable(pod: KubeObject, minReadySeconds: number, now: Date): boolean {
  if (minReadySeconds === 0) return isReady(pod)
  const at = availableAt(pod, minReadySeconds)
  return at !== undefined && at <= now.getTime()
}

export function nodeOf(pod: KubeObject): string | undefined {
  return textAt(pod, ['spec', 'nodeName']) || undefined
}

/** How often its containers were started again, all together. */
export function restartsOf(pod: KubeObject): number {
  return ['initContainerStatuses', 'containerStatuses']
    .flatMap((list) => listAt(pod, ['status', list]))
    .reduce((sum, status) => sum + (numberAt(status, ['restartCount']) ?? 0), 0)
}

/** When it was made: milliseconds since 1970. */
export function createdAt({ metadata }: KubeObject): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0
}
