import { isObject } from '../object.ts'
import type { Json, JsonObject } from '../object.ts'
import type { Schema } from '../schema.ts'

const deepest = 100

/** Fill in the values that a definition's schema gives. Changes the object. */
export function applySchemaDefaults(schema: Schema, value: JsonObject, depth = 0): void {
  if (depth > deepest) return
  for (const [field, place] of Object.entries(schema.properties ?? {})) {
    if (value[field] === undefined && place.default !== undefined)
      value[field] = structuredClone(place.default) as Json
    visit(place, value[field], depth + 1)
  }
  if (typeof schema.additionalProperties === 'object')
    for (const entry of Object.values(value)) visit(schema.additionalProperties, entry, depth + 1)
}

function visit(place: Schema, value: Json | undefined, depth: number): void {
  if (isObject(value)) applySchemaDefaults(place, value, depth)
  else if (Array.isArray(value) && place.items)
    for (const item of value) visit(place.items, item, depth + 1)
}
