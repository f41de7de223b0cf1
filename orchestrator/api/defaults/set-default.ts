import { isObject } from '../object.ts'
import type { Json, JsonObject } from '../object.ts'

/** Give absent fields their values. */
export function setDefaults(object: JsonObject, values: Readonly<Record<string, Json>>): void {
  for (const [field, value] of Object.entries(values))
    object[field] ??= typeof value === 'object' ? structuredClone(value) : value
}

/** The object in a field, made when it is absent. */
export function objectField(object: JsonObject, field: string): JsonObject {
  const value = object[field]
  return isObject(value) ? value : (object[field] = {})
}

/** The objects of a list field. */
export function itemsOf(object: JsonObject, field: string): JsonObject[] {
  const list = object[field]
  return Array.isArray(list) ? list.filter(isObject) : []
}
