import { applyJsonPatch, PatchError } from '../api/patch/json-patch.ts'
import { applyMergePatch } from '../api/patch/merge-patch.ts'
import { applyStrategicMerge } from '../api/patch/strategic-merge.ts'
import { isObject } from '../api/object.ts'
import type { Json, JsonObject } from '../api/object.ts'
import { resolveSchema } from '../api/schema.ts'
import type { Schema, Schemas } from '../api/schema.ts'
import { badRequest, StatusError, unsupportedMediaType } from '../api/status-error.ts'
import type { Kind } from '../api/kind.ts'
import { parseJson } from './read-body.ts'

/** What makes of an object what a patch asks for. */
export type Patch = (target: JsonObject) => JsonObject

export const applyPatchType = 'application/apply-patch+yaml'
const jsonPatch = 'application/json-patch+json'
const mergePatch = 'application/merge-patch+json'
const strategicPatch = 'application/strategic-merge-patch+json'
const accepted = [jsonPatch, mergePatch, strategicPatch, applyPatchType]

/**
 * Read a patch of any type but apply.
 * @param definition schema of what is patched: of the kind, or of `Scale`
 * @throws StatusError 400, 415
 */
export function readPatch(
  type: string,
  bytes: Buffer,
  kind: Kind,
  schemas: Schemas,
  definition = kind.definition,
): Patch {
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted)
  const patch = parseJson(bytes) as Json
  if (type === jsonPatch) return guard((target) => objectOnly(applyJsonPatch(target, patch)))
  if (!isObject(patch)) throw badRequest('the patch is no object')
  if (type === mergePatch) return (target) => applyMergePatch(target, patch)
  // A merge needs keys that a definition does not give.
  if (kind.isCustom) throw unsupportedMediaType(accepted.filter((one) => one !== strategicPatch))
  const schema: Schema = resolveSchema(schemas, { $ref: definition })
  return guard((target) => applyStrategicMerge(schemas, schema, target, patch))
}

function objectOnly(value: Json): JsonObject {
  if (!isObject(value)) throw new PatchError('the result is no object')
  return value
}

/** A patch that no object would take is a bad request; one that this object does not take is unprocessable. */
function guard(patch: Patch): Patch {
  return (target) => {
    try {
      return patch(target)
    } catch (error) {
      if (!(error instanceof PatchError)) throw error
      if (error.malformed) throw badRequest(error.message)
      const message = `the server rejected our request due to an error in our request: ${error.message}`
      throw new StatusError(422, 'Invalid', message, {})
    }
  }
}
