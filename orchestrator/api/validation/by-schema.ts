import { isObject } from '../object.ts'
import type { Json, JsonObject } from '../object.ts'
import { resolveSchema } from '../schema.ts'
import type { Schema, Schemas } from '../schema.ts'
import { invalidValue, notSupported, required } from './field-error.ts'
import type { FieldError } from './field-error.ts'

/** Lists that a schema wants and that may be empty or absent all the same. */
const mayBeEmpty = new Set(['endpoints', 'drivers', 'verbs', 'data', 'audiences', 'podSelector'])

/** What the kinds' schemas say: fields that must be there, and values of enumerations. */
export function validateBySchema(
  schemas: Schemas,
  schema: Schema,
  object: JsonObject,
): FieldError[] {
  const errors: FieldError[] = []

  function checkObject(own: Schema, value: JsonObject, path: string): void {
    for (const field of own.required ?? []) {
      const place = resolveSchema(schemas, own.properties?.[field])
      if (isMissing(place, value[field]) && !mayBeEmpty.has(field))
        errors.push(required(path === '' ? field : `${path}.${field}`))
    }
    for (const [field, entry] of Object.entries(value)) {
      if (path === '' && (field === 'metadata' || field === 'status')) continue
      const inner = path === '' ? field : `${path}.${field}`
      const place = own.properties?.[field] ?? own.additionalProperties
      if (typeof place === 'object' && entry !== undefined) check(place, entry, inner)
    }
  }

  function check(place: Schema, value: Json, path: string): void {
    const own = resolveSchema(schemas, place)
    if (own.enum && typeof value === 'string' && value !== '' && !own.enum.includes(value))
      errors.push(notSupported(path, value, own.enum))
    errors.push(...limitErrors(own, value, path))
    if (isObject(value)) checkObject(own, value, path)
    else if (Array.isArray(value) && own.items)
      for (const [index, item] of value.entries()) check(own.items, item, `${path}[${index}]`)
  }

  checkObject(schema, object, '')
  return errors
}

/** Bounds that definitions of custom kinds give. */
function limitErrors(own: Schema, value: Json, path: string): FieldError[] {
  const errors: FieldError[] = []
  const add = (why: string) =>
    errors.push(invalidValue(path, value, `${path} in body should be ${why}`))
  if (typeof value === 'number') {
    if (own.minimum !== undefined && value < own.minimum)
      add(`greater than or equal to ${own.minimum}`)
    if (own.maximum !== undefined && value > own.maximum)
      add(`less than or equal to ${own.maximum}`)
  }
  if (typeof value === 'string') {
    if (own.minLength !== undefined && value.length < own.minLength)
      add(`at least ${own.minLength} chars long`)
    if (own.maxLength !== undefined && value.length > own.maxLength)
      add(`at most ${own.maxLength} chars long`)
  }
  return errors
}

/** Zero and false are values; an empty text or list is none. */
function isMissing({ type }: Schema, value: Json | undefined): boolean {
  if (type === 'integer' || type === 'boolean' || type === 'number') return false
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
}
