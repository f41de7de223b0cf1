import { listAt, numberAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'

// https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/

interface TaintLike {
  readonly key: string
  readonly value?: string
  readonly effect: string
}

export function tolerationsOf(pod: KubeObject): JsonObject[] {
  return listAt(pod, ['spec', 'tolerations'])
}

export function tolerates(toleration: JsonObject, taint: TaintLike): boolean {
  const { key = '', operator, value = '', effect = '' } = toleration
  if (effect !== '' && effect !== taint.effect) return false
  if (key !== '' && key !== taint.key) return false
  if (operator === 'Exists') return true
  return key !== '' && value === (taint.value ?? '')
}

/**
 * How long a pod stays on a node with these `NoExecute` taints.
 * @returns seconds; Infinity for ever, 0 when a taint is not tolerated at all
 */
export function toleratedSeconds(pod: KubeObject, taints: readonly TaintLike[]): number {
  const tolerations = tolerationsOf(pod)
  const times = taints.flatMap((taint) => {
    const matching = tolerations.filter((toleration) => tolerates(toleration, taint))
    return matching.length === 0 ? [0] : matching.map(limitOf)
  })
  return Math.min(Infinity, ...times)
}

function limitOf(toleration: JsonObject): number {
  const seconds = numberAt(toleration, ['tolerationSeconds'])
  return seconds === undefined ? Infinity : Math.max(0, seconds)
}
