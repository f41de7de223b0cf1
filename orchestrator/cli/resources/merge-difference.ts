import { isObject, sameJson } from '../../api/object.ts'
import type { JsonObject } from '../../api/object.ts'

/**
 * The JSON merge patch that makes one document of another; empty where they are the same.
 * @see https://www.rfc-editor.org/rfc/rfc7386
 */
export function mergeDifference(before: JsonObject, after: JsonObject): JsonObject {
  const patch: JsonObject = {}
  for (const [name, value] of Object.entries(after)) {
    const old = before[name]
    if (value === undefined || sameJson(old, value)) continue
    patch[name] = isObject(old) && isObject(value) ? mergeDifference(old, value) : value
  }
  for (const name of Object.keys(before)) if (after[name] === undefined) patch[name] = null
  return patch
}
