import { isObject, plainText } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { matchesRequirement } from '../../api/selectors.ts'
import type { LabelRequirement } from '../../api/selectors.ts'

type Labels = Readonly<Record<string, string>> | undefined

/** A `LabelSelector` as specifications carry it, as a test of labels. An empty one selects all, an absent one nothing. */
export function labelSelector(selector: unknown): (labels: Labels) => boolean {
  if (!isObject(selector)) return () => false
  const requirements = selectorRequirements(selector)
  return (labels) => requirements.every((one) => matchesRequirement(labels, one))
}

function selectorRequirements({ matchLabels, matchExpressions }: JsonObject): LabelRequirement[] {
  const equal = Object.entries(isObject(matchLabels) ? matchLabels : {}).map(([key, value]) => ({
    key,
    operator: 'In' as const,
    values: [plainText(value)],
  }))
  const list = Array.isArray(matchExpressions) ? matchExpressions.filter(isObject) : []
  return [...equal, ...list.map(readRequirement)]
}

/** One entry of `matchExpressions`, of labels or of nodes. */
export function readRequirement({ key, operator, values }: JsonObject): LabelRequirement {
  return {
    key: plainText(key),
    operator: operator as LabelRequirement['operator'],
    values: Array.isArray(values) ? values.map(plainText) : [],
  }
}

/** Which objects an owner selects by its `spec.selector`, whose form goes by its kind. */
export function ownerSelector({ kind, spec }: KubeObject): (labels: Labels) => boolean {
  const selector = spec?.['selector']
  return kind === 'ReplicationController' ? mapSelector(selector) : labelSelector(selector)
}

/** The plain map of a service or a replication controller; an empty one selects nothing. */
export function mapSelector(selector: unknown): (labels: Labels) => boolean {
  if (!isObject(selector) || Object.keys(selector).length === 0) return () => false
  return labelSelector({ matchLabels: selector })
}
