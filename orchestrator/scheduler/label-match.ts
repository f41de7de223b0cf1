import { isObject, listAt, plainText } from '../api/object.ts'
import type { JsonObject } from '../api/object.ts'
import { matchesRequirement } from '../api/selectors.ts'
import type { LabelRequirement } from '../api/selectors.ts'

export type Labels = Readonly<Record<string, string>>

/** What labels must satisfy, and a text by which equal selectors are known. */
export interface LabelMatch {
  readonly requirements: readonly LabelRequirement[]
  readonly key: string
}

/** The `matchLabels` and `matchExpressions` of a LabelSelector. @returns undefined for no selector: it matches nothing */
export function readLabelSelector(selector: unknown): LabelMatch | undefined {
  if (!isObject(selector)) return undefined
  const labels = isObject(selector['matchLabels']) ? selector['matchLabels'] : {}
  return makeLabelMatch([
    ...Object.entries(labels).map(([key, value]) => equals(key, plainText(value))),
    ...listAt(selector, ['matchExpressions']).map(readRequirement),
  ])
}

export function makeLabelMatch(requirements: readonly LabelRequirement[]): LabelMatch {
  return { requirements, key: JSON.stringify(requirements) }
}

export function equals(key: string, value: string): LabelRequirement {
  return { key, operator: 'In', values: [value] }
}

/** One entry of `matchExpressions`, of label selectors and node selectors alike. */
export function readRequirement(expression: JsonObject): LabelRequirement {
  const values = Array.isArray(expression['values']) ? expression['values'] : []
  return {
    key: plainText(expression['key']),
    operator: expression['operator'] as LabelRequirement['operator'],
    values: values.map(plainText),
  }
}

export function matchesLabels(labels: Labels | undefined, { requirements }: LabelMatch): boolean {
  for (const requirement of requirements) if (!matchesRequirement(labels, requirement)) return false
  return true
}
