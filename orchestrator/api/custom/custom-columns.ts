import { plainText } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { ageColumn, ageOf, nameColumn } from '../print/column.ts'
import type { Column } from '../print/column.ts'

/** The table of a defined kind: its name, then what the definition names; the age when it names nothing. */
export function customColumns(given: readonly JsonObject[]): readonly Column[] {
  if (given.length === 0) return [nameColumn, ageColumn]
  return [nameColumn, ...given.map(makeColumn)]
}

function makeColumn({ name, type, format, description, priority, jsonPath }: JsonObject): Column {
  const path = parsePath(plainText(jsonPath))
  const isDate = type === 'date'
  return {
    name: plainText(name),
    type: isDate ? 'date' : 'string',
    format: plainText(format),
    description: plainText(description),
    priority: typeof priority === 'number' ? priority : 0,
    cell: (object, now) => {
      const value = follow(object, path)
      if (isDate) return ageOf(value, now)
      return typeof value === 'object' && value !== null ? JSON.stringify(value) : plainText(value)
    },
  }
}

/** `.a.b`, `.a['b.c']`, `.a[0]`, `.a[?(@.type=="Ready")].b`: what definitions use of JSONPath. */
type Step = string | number | { readonly field: string; readonly value: string }

function parsePath(text: string): Step[] {
  const steps: Step[] = []
  const pattern =
    /\.([\w-]+)|\[(\d+)\]|\['([^']*)'\]|\[\?\(@\.([\w-]+)\s*==\s*["']([^"']*)["']\)\]/g
  for (const [, field, index, quoted, key, value] of text.matchAll(pattern)) {
    if (index !== undefined) steps.push(Number(index))
    else if (key !== undefined) steps.push({ field: key, value: value ?? '' })
    else steps.push(field ?? quoted ?? '')
  }
  return steps
}

function follow(object: KubeObject, path: readonly Step[]): unknown {
  let at: unknown = object
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined
    if (typeof step === 'object')
      at = Array.isArray(at)
        ? (at as Record<string, unknown>[]).find((item) => item?.[step.field] === step.value)
        : undefined
    else at = Object.hasOwn(at, step) ? (at as Record<string | number, unknown>)[step] : undefined
  }
  return at
}
