import { isObject, listAt, textAt, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { matchesRequirement } from '../../api/selectors.ts'
import { taintsOf } from '../node-lifecycle/node-taints.ts'
import { mapSelector, readRequirement } from '../objects/label-selector.ts'
import { tolerates, tolerationsOf } from '../objects/toleration.ts'

export interface NodeMatch {
  /** A pod is to be started there. */
  readonly run: boolean
  /** A pod that is there may stay. */
  readonly stay: boolean
}

/** Whether a daemon's pod belongs on a node. @param pod as it would be started, without a node of its own */
export function matchNode(pod: KubeObject, node: KubeObject): NodeMatch {
  const named = textAt(pod, ['spec', 'nodeName'])
  if ((named && named !== node.metadata.name) || !selectsNode(pod, node))
    return { run: false, stay: false }
  const tolerations = tolerationsOf(pod)
  const bad = taintsOf(node).filter(
    (taint) => !tolerations.some((toleration) => tolerates(toleration, taint)),
  )
  const has = (effect: string): boolean => bad.some((taint) => taint.effect === effect)
  return { run: !has('NoSchedule') && !has('NoExecute'), stay: !has('NoExecute') }
}

function selectsNode(pod: KubeObject, node: KubeObject): boolean {
  const selector = valueAt(pod, ['spec', 'nodeSelector'])
  if (
    isObject(selector) &&
    Object.keys(selector).length > 0 &&
    !mapSelector(selector)(node.metadata.labels)
  )
    return false
  const required = valueAt(pod, [
    'spec',
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
  ])
  if (!isObject(required)) return true
  return listAt(required, ['nodeSelectorTerms']).some((term) => matchesTerm(term, node))
}

/** A term without any requirement matches nothing. */
function matchesTerm(term: JsonObject, { metadata }: KubeObject): boolean {
  const labels = listAt(term, ['matchExpressions']).map(readRequirement)
  const fields = listAt(term, ['matchFields']).map(readRequirement)
  if (labels.length + fields.length === 0) return false
  const names = { 'metadata.name': metadata.name ?? '' }
  return (
    labels.every((one) => matchesRequirement(metadata.labels, one)) &&
    fields.every((one) => matchesRequirement(names, one))
  )
}
