import { isObject } from '../object.ts'
import type { Json, JsonObject } from '../object.ts'
import { setField } from '../set-field.ts'

const deepest = 200

/**
 * JSON merge patch: null removes, objects merge, anything else replaces.
 * @see https://www.rfc-editor.org/rfc/rfc7396
 */
export function applyMergePatch(target: JsonObject, patch: JsonObject, depth = 0): JsonObject {
  const result: JsonObject = { ...target }
  for (const [field, change] of Object.entries(patch)) {
    if (change === null) delete result[field]
    else if (isObject(change) && depth < deepest) {
      const current = Object.hasOwn(result, field) ? result[field] : undefined
      setField(result, field, applyMergePatch(isObject(current) ? current : {}, change, depth + 1))
    } else setField(result, field, change as Json)
  }
  return result
}
