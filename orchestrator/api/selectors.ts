import { badRequest } from './status-error.ts'
import { textAt, valueAt } from './object.ts'
import type { KubeObject } from './object.ts'

/** Whether an object is selected. */
export type Selector = (object: KubeObject) => boolean

export interface LabelRequirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  readonly values: readonly string[]
}

const labelKey = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

// One requirement of a list: `a`, `!a`, `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a>1`, `a<1`.
const requirement =
  /^\s*(?:(?<not>!)\s*(?<absent>[^\s!=<>(),]+)|(?<key>[^\s!=<>(),]+)\s*(?:(?<set>in|notin)\s*\((?<values>[^()]*)\)|(?<compare>==|=|!=|>|<)\s*(?<value>[^\s!=<>(),]*))?)\s*(?:,|$)/

/** @throws StatusError 400 */
export function parseLabelSelector(text: string): LabelRequirement[] {
  const requirements: LabelRequirement[] = []
  // One space at a time: the expression would try every way to share out a long row of them.
  let rest = text.replaceAll(/\s+/g, ' ')
  while (rest.trim() !== '') {
    const match = requirement.exec(rest)
    if (!match?.groups) throw unparsable(text, `found '${rest.trim()}'`)
    const parsed = makeRequirement(match.groups)
    checkRequirement(parsed, text)
    requirements.push(parsed)
    rest = rest.slice(match[0].length)
  }
  return requirements
}

function unparsable(text: string, why: string): Error {
  return badRequest(`unable to parse requirement: ${why} in selector ${JSON.stringify(text)}`)
}

function makeRequirement(groups: Record<string, string | undefined>): LabelRequirement {
  const { absent, key = '', set, values = '', compare, value = '' } = groups
  if (absent !== undefined) return { key: absent, operator: 'DoesNotExist', values: [] }
  if (set !== undefined) {
    const list = values.split(',').map((entry) => entry.trim())
    return { key, operator: set === 'in' ? 'In' : 'NotIn', values: list }
  }
  if (compare === undefined) return { key, operator: 'Exists', values: [] }
  if (compare === '>' || compare === '<')
    return { key, operator: compare === '>' ? 'Gt' : 'Lt', values: [value] }
  return { key, operator: compare === '!=' ? 'NotIn' : 'In', values: [value] }
}

function checkRequirement({ key, operator, values }: LabelRequirement, text: string): void {
  if (!labelKey.test(key)) throw unparsable(text, `invalid label key ${JSON.stringify(key)}`)
  const bad = values.find((value) => !labelValue.test(value) || value.length > 63)
  if (bad !== undefined) throw unparsable(text, `invalid label value ${JSON.stringify(bad)}`)
  if ((operator === 'Gt' || operator === 'Lt') && !/^-?\d+$/.test(values[0]!))
    throw unparsable(text, `for 'Gt', 'Lt' operators, the value must be an integer`)
}

/** Whether labels satisfy one requirement; `NotIn` is satisfied by a label that is absent. */
export function matchesRequirement(
  labels: Readonly<Record<string, string>> | undefined,
  { key, operator, values }: LabelRequirement,
): boolean {
  const value = labels && Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
  }
}

export interface FieldRequirement {
  readonly field: string
  readonly equal: boolean
  readonly value: string
}

/** @param known fields that the kind can be selected by @throws StatusError 400 */
export function parseFieldSelector(text: string, known: readonly string[]): FieldRequirement[] {
  const requirements: FieldRequirement[] = []
  // A backslash protects a comma or an equals sign.
  for (const term of text.split(/(?<!\\),/)) {
    if (term.trim() === '') continue
    const match = /^([^=!]+)(==|=|!=)(.*)$/s.exec(term)
    if (!match) throw badRequest(`invalid field selector: ${JSON.stringify(term)} is not key=value`)
    const field = match[1]!.trim()
    if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`)
    const value = match[3]!.replaceAll(/\\([\\,=])/g, '$1')
    requirements.push({ field, equal: match[2] !== '!=', value })
  }
  return requirements
}

/** The text that a field selector compares with. */
function fieldText(object: KubeObject, field: string): string {
  if (field === 'source') return textAt(object, ['source', 'component']) ?? ''
  if (field === 'metadata.namespace') return object.metadata.namespace ?? ''
  const value = valueAt(object, field.split('.'))
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return zeroTexts[field] ?? ''
}

const zeroTexts: Readonly<Record<string, string>> = {
  'spec.unschedulable': 'false',
  'spec.hostNetwork': 'false',
  'status.replicas': '0',
  'status.successful': '0',
}

export function makeSelector(
  labels: readonly LabelRequirement[],
  fields: readonly FieldRequirement[],
): Selector | undefined {
  if (labels.length === 0 && fields.length === 0) return undefined
  return (object) =>
    labels.every((requirement) => matchesRequirement(object.metadata.labels, requirement)) &&
    fields.every(({ field, equal, value }) => (fieldText(object, field) === value) === equal)
}
