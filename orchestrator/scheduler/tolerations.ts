import { listAt, textAt } from '../api/object.ts'
import type { JsonObject } from '../api/object.ts'

export interface Taint {
  readonly key: string
  readonly value: string
  readonly effect: string
}

export interface Toleration {
  /** Empty with `Exists`: every key. */
  readonly key: string
  readonly operator: string
  readonly value: string
  /** Empty: every effect. */
  readonly effect: string
}

export function readTaints(spec: JsonObject | undefined): Taint[] {
  return listAt(spec, ['taints']).map((taint) => ({
    key: textAt(taint, ['key']) ?? '',
    value: textAt(taint, ['value']) ?? '',
    effect: textAt(taint, ['effect']) ?? '',
  }))
}

export function readTolerations(spec: JsonObject): Toleration[] {
  return listAt(spec, ['tolerations']).map((toleration) => ({
    key: textAt(toleration, ['key']) ?? '',
    operator: textAt(toleration, ['operator']) || 'Equal',
    value: textAt(toleration, ['value']) ?? '',
    effect: textAt(toleration, ['effect']) ?? '',
  }))
}

/** @see https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/ */
export function tolerates(tolerations: readonly Toleration[], taint: Taint): boolean {
  return tolerations.some(
    ({ key, operator, value, effect }) =>
      (effect === '' || effect === taint.effect) &&
      (key === '' ? operator === 'Exists' : key === taint.key) &&
      (operator === 'Exists' || value === taint.value),
  )
}

/** The first taint that keeps pods away and that is not tolerated. */
export function findUntolerated(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
): Taint | undefined {
  for (const taint of taints)
    if (
      (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') &&
      !tolerates(tolerations, taint)
    )
      return taint
  return undefined
}
