import { numberAt, sameJson, textAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { resolveAmount } from '../objects/amount.ts'
import { createdAt } from '../objects/pod-facts.ts'
import { labelTemplate } from './template-hash.ts'

// What is asked about a Deployment and its ReplicaSets. Pure.

/** "No limit", as upstream writes it where a number is needed. */
const unlimited = 2_147_483_647

export function wantedReplicas(object: KubeObject): number {
  return numberAt(object, ['spec', 'replicas']) ?? 1
}

export function isRolling(deployment: KubeObject): boolean {
  return textAt(deployment, ['spec', 'strategy', 'type']) !== 'Recreate'
}

export function isPaused(deployment: KubeObject): boolean {
  return valueAt(deployment, ['spec', 'paused']) === true
}

export interface RolloutLimits {
  /** Pods beyond those wanted that may be there meanwhile. */
  readonly surge: number
  /** Pods of those wanted that may be missing meanwhile. */
  readonly unavailable: number
}

/** Both zero would mean that nothing can ever change: then one pod may be missing. */
export function rolloutLimits(deployment: KubeObject): RolloutLimits {
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 }
  const wanted = wantedReplicas(deployment)
  const given = (name: string): unknown =>
    valueAt(deployment, ['spec', 'strategy', 'rollingUpdate', name])
  const surge = resolveAmount(given('maxSurge') ?? '25%', wanted, 'up', 0)
  const missing = resolveAmount(given('maxUnavailable') ?? '25%', wanted, 'down', 0)
  const unavailable = surge === 0 && missing === 0 ? 1 : Math.min(missing, wanted)
  return { surge, unavailable }
}

/** Seconds; undefined: progress is not watched. */
export function progressDeadline(deployment: KubeObject): number | undefined {
  const seconds = numberAt(deployment, ['spec', 'progressDeadlineSeconds'])
  return seconds === undefined || seconds >= unlimited ? undefined : seconds
}

/** How many old sets are kept; undefined: all. */
export function historyLimit(deployment: KubeObject): number | undefined {
  const limit = numberAt(deployment, ['spec', 'revisionHistoryLimit']) ?? 10
  return limit >= unlimited ? undefined : limit
}

export function sumOf(sets: readonly KubeObject[], count: (set: KubeObject) => number): number {
  return sets.reduce((sum, set) => sum + count(set), 0)
}

export function statusCount(object: KubeObject, name: string): number {
  return numberAt(object, ['status', name]) ?? 0
}

export function availableReplicas(set: KubeObject): number {
  return statusCount(set, 'availableReplicas')
}

/** Oldest first. */
export function byAge(sets: readonly KubeObject[]): KubeObject[] {
  return sets.toSorted(
    (a, b) =>
      createdAt(a) - createdAt(b) || ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1),
  )
}

/** Those with pods, or that want some. */
export function activeSets(sets: readonly KubeObject[]): KubeObject[] {
  return sets.filter((set) => wantedReplicas(set) > 0)
}

/** The set of the template as it is now: the oldest, where several have it. */
export function findNewSet(
  deployment: KubeObject,
  sets: readonly KubeObject[],
): KubeObject | undefined {
  return byAge(sets).find((set) => hasTemplateOf(set, deployment))
}

export function hasTemplateOf(set: KubeObject, deployment: KubeObject): boolean {
  const template = (of: KubeObject) => labelTemplate(valueAt(of, ['spec', 'template']), undefined)
  return sameJson(template(set), template(deployment))
}
