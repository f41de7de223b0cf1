import { isObject } from './object.ts'
import type { Json, JsonObject } from './object.ts'
import { acceptsAnything, fieldSchema, resolveSchema } from './schema.ts'
import type { Schema, Schemas } from './schema.ts'
import { setField } from './set-field.ts'

/** What a body is when it is read as its kind. */
export interface DecodedShape {
  /** Without nulls, and without fields that the kind does not have. */
  readonly object: JsonObject
  /** Paths of the fields that were left out because nobody knows them. */
  readonly unknownFields: readonly string[]
  /** The first value of a wrong type; the object is of no use then. */
  readonly mismatch?: string | undefined
}

const goTypes: Readonly<Record<string, string>> = {
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
}

/**
 * Read a value as its schema says, as a typed server reads it: null is absent, numbers must be whole where whole
 * numbers belong, unknown fields are reported and dropped. Never throws, whatever the value is.
 */
export function decodeShape(
  schemas: Schemas,
  schema: Schema,
  value: JsonObject,
  kind: string,
): DecodedShape {
  const unknownFields: string[] = []
  let mismatch: string | undefined

  function fail(value: Json, path: string, type: string): undefined {
    const found = Array.isArray(value) ? 'array' : typeof value
    const got = found === 'boolean' ? 'bool' : found
    mismatch ??= `json: cannot unmarshal ${got} into Go struct field ${kind}.${path} of type ${type}`
    return undefined
  }

  function read(place: Schema, value: Json, path: string): Json | undefined {
    if (value === null) return undefined
    const own = resolveSchema(schemas, place)
    if (own.oneOf) return typeof value === 'object' ? fail(value, path, 'scalar') : value
    switch (own.type) {
      case undefined:
        return value
      case 'object':
        return isObject(value) ? readObject(own, value, path) : fail(value, path, 'object')
      case 'array':
        return Array.isArray(value) ? readList(own, value, path) : fail(value, path, 'slice')
      default:
        return readScalar(own, value) ?? fail(value, path, goTypes[own.format ?? ''] ?? own.type)
    }
  }

  function readList(own: Schema, value: Json[], path: string): Json[] {
    const item = own.items ?? {}
    return value.flatMap((entry, index) => {
      const decoded = read(item, entry, `${path}[${index}]`)
      return decoded === undefined ? [] : [decoded]
    })
  }

  function readObject(own: Schema, value: JsonObject, path: string): JsonObject {
    if (acceptsAnything(own)) return value
    const result: JsonObject = {}
    for (const [field, entry] of Object.entries(value)) {
      const inner = path === '' ? field : `${path}.${field}`
      const place = fieldSchema(own, field)
      if (place === undefined) unknownFields.push(inner)
      else if (entry !== undefined) {
        const decoded = read(place, entry, inner)
        if (decoded !== undefined) setField(result, field, decoded)
      }
    }
    return result
  }

  return { object: readObject(schema, value, ''), unknownFields, mismatch }
}

const time = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** RFC 3339. Whoever reads a time later reckons with it. */
function isTime(text: string): boolean {
  return time.test(text) && !Number.isNaN(Date.parse(text))
}

function readScalar({ type, format }: Schema, value: Json): Json | undefined {
  if (type === 'boolean') return typeof value === 'boolean' ? value : undefined
  if (type === 'string') {
    if (typeof value !== 'string') return undefined
    return format === 'date-time' && !isTime(value) ? undefined : value
  }
  if (typeof value !== 'number') return undefined
  if (type === 'number') return value
  const limit = format === 'int32' ? 2 ** 31 : 2 ** 63
  return Number.isInteger(value) && value >= -limit && value < limit ? value : undefined
}
