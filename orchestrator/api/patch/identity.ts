import type { Json } from '../object.ts'

/**
 * A text that is the same for what `sameJson` calls the same, and for nothing else: where each of many values is
 * looked for among many, comparing all with all would take minutes.
 */
export function identityOf(value: Json | undefined): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? ''
  if (Array.isArray(value)) return `[${value.map(identityOf).join(',')}]`
  const fields = Object.keys(value)
    .filter((field) => value[field] !== undefined)
    .toSorted()
  return `{${fields.map((field) => `${JSON.stringify(field)}:${identityOf(value[field])}`).join(',')}}`
}
