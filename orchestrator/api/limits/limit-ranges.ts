import { isObject, listAt, textAt, valueAt } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { parseQuantity } from '../quantity.ts'

// What a LimitRange gives to containers that say nothing, and what it refuses. Pure.
// https://kubernetes.io/docs/concepts/policy/limit-range/

type Amounts = Readonly<Record<string, string>>

interface Limit {
  readonly type: string
  readonly min: Amounts
  readonly max: Amounts
  readonly limits: Amounts
  readonly requests: Amounts
  readonly ratio: Amounts
}

function amountsAt(value: unknown, field: string): Amounts {
  const amounts = valueAt(value, [field])
  return isObject(amounts) ? (amounts as unknown as Amounts) : {}
}

function readLimits(ranges: readonly KubeObject[]): Limit[] {
  return ranges.flatMap((range) =>
    listAt(range, ['spec', 'limits']).map((item) => {
      const max = amountsAt(item, 'max')
      const min = amountsAt(item, 'min')
      const limits = { ...max, ...amountsAt(item, 'default') }
      const requests = { ...min, ...limits, ...amountsAt(item, 'defaultRequest') }
      const ratio = amountsAt(item, 'maxLimitRequestRatio')
      return { type: textAt(item, ['type']) ?? '', min, max, limits, requests, ratio }
    }),
  )
}

const containerLists = ['initContainers', 'containers'] as const

function containersOf(spec: JsonObject): JsonObject[] {
  return containerLists.flatMap((list) => listAt(spec, [list]))
}

/** Fill in what containers do not say. @returns what was filled in, for the annotation */
export function applyLimitDefaults(spec: JsonObject, ranges: readonly KubeObject[]): string[] {
  const notes: string[] = []
  const limits = readLimits(ranges).filter(({ type }) => type === 'Container')
  for (const container of containersOf(spec)) {
    const resources = isObject(container['resources']) ? container['resources'] : {}
    const before = {
      limits: amountsAt(resources, 'limits'),
      requests: amountsAt(resources, 'requests'),
    }
    const after = { limits: { ...before.limits }, requests: { ...before.requests } }
    for (const limit of limits) {
      for (const [name, amount] of Object.entries(limit.limits)) after.limits[name] ??= amount
      // Who says a limit asks for as much, unless they say otherwise.
      for (const [name, amount] of Object.entries(limit.requests))
        after.requests[name] ??= before.limits[name] ?? amount
    }
    for (const part of ['requests', 'limits'] as const) {
      const added = Object.keys(after[part]).filter((name) => !(name in before[part]))
      if (added.length > 0)
        notes.push(
          `${added.toSorted().join(', ')} ${part.slice(0, -1)} for container ${textAt(container, ['name'])}`,
        )
    }
    const filled = Object.entries(after).filter(([, amounts]) => Object.keys(amounts).length > 0)
    if (filled.length > 0) container['resources'] = { ...resources, ...Object.fromEntries(filled) }
  }
  return notes
}

/** Everything that the limits refuse in a pod. */
export function limitFaults(spec: JsonObject, ranges: readonly KubeObject[]): string[] {
  return readLimits(ranges).flatMap((limit) => {
    if (limit.type === 'Container')
      return containersOf(spec).flatMap((container) =>
        faults(limit, {
          limits: amountsAt(container['resources'], 'limits'),
          requests: amountsAt(container['resources'], 'requests'),
        }),
      )
    if (limit.type === 'Pod')
      return faults(limit, { limits: sum(spec, 'limits'), requests: sum(spec, 'requests') })
    return []
  })
}

/** Of a claim of storage. */
export function claimFaults(spec: JsonObject, ranges: readonly KubeObject[]): string[] {
  const requests = amountsAt(spec['resources'], 'requests')
  return readLimits(ranges)
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((limit) => faults(limit, { limits: requests, requests }))
}

function sum(spec: JsonObject, part: string): Amounts {
  const totals: Record<string, number> = {}
  for (const container of listAt(spec, ['containers']))
    for (const [name, amount] of Object.entries(amountsAt(container['resources'], part)))
      totals[name] = (totals[name] ?? 0) + (parseQuantity(amount) ?? 0)
  return Object.fromEntries(Object.entries(totals).map(([name, total]) => [name, String(total)]))
}

function faults(
  { type, min, max, ratio }: Limit,
  { limits, requests }: { limits: Amounts; requests: Amounts },
): string[] {
  const number = (amount: string | undefined) => parseQuantity(amount) ?? 0
  const found: string[] = []
  for (const [name, least] of Object.entries(min)) {
    const start = `minimum ${name} usage per ${type} is ${least}`
    const limit = limits[name]
    if (requests[name] === undefined) found.push(`${start}.  No request is specified`)
    else if (number(requests[name]) < number(least))
      found.push(`${start}, but request is ${requests[name]}`)
    if (limit !== undefined && number(limit) < number(least))
      found.push(`${start}, but limit is ${limit}`)
  }
  for (const [name, most] of Object.entries(max)) {
    const start = `maximum ${name} usage per ${type} is ${most}`
    if (limits[name] === undefined) found.push(`${start}.  No limit is specified`)
    else if (number(limits[name]) > number(most))
      found.push(`${start}, but limit is ${limits[name]}`)
    if (requests[name] !== undefined && number(requests[name]) > number(most))
      found.push(`${start}, but request is ${requests[name]}`)
  }
  for (const [name, most] of Object.entries(ratio)) {
    const start = `${name} max limit to request ratio per ${type} is ${most}`
    if (!requests[name] || !limits[name])
      found.push(`${start}, but no request is specified or request is 0`)
    else if (number(limits[name]) / number(requests[name]) > number(most))
      found.push(
        `${start}, but provided ratio is ${(number(limits[name]) / number(requests[name])).toFixed(6)}`,
      )
  }
  return found
}
