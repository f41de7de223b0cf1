import { isObject } from '../../api/object.ts'
import type { Json, JsonObject } from '../../api/object.ts'
import { fieldSchema, resolveSchema } from '../../api/schema.ts'
import type { Schema, Schemas } from '../../api/schema.ts'

// What client-side apply sends: all that the file says now, and that what it said before and does not say any more is to go.
// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#how-apply-calculates-differences-and-merges-changes

/** A strategic merge patch. @param last what was applied before; undefined: nothing is to go */
export function strategicPatch(
  schemas: Schemas,
  schema: Schema,
  last: JsonObject | undefined,
  next: JsonObject,
): JsonObject {
  return objectPatch(schemas, schema, last ?? {}, next)
}

/** The same for kinds whose lists have no merge keys. */
export function mergePatch(last: JsonObject | undefined, next: JsonObject): JsonObject {
  return objectPatch({}, {}, last ?? {}, next)
}

function objectPatch(
  schemas: Schemas,
  schema: Schema,
  last: JsonObject,
  next: JsonObject,
): JsonObject {
  const patch: JsonObject = {}
  for (const [name, value] of Object.entries(next)) {
    const before = last[name]
    const place = fieldSchema(schema, name) ?? {}
    if (isObject(value)) {
      const inner = resolveSchema(schemas, place)
      const change = objectPatch(schemas, inner, isObject(before) ? before : {}, value)
      patch[name] = retainsKeys(place) ? { ...change, $retainKeys: Object.keys(value) } : change
    } else if (Array.isArray(value))
      patch[name] = listPatch(schemas, place, Array.isArray(before) ? before : [], value)
    else if (value !== undefined) patch[name] = value
  }
  for (const name of Object.keys(last)) if (next[name] === undefined) patch[name] = null
  return patch
}

function retainsKeys(place: Schema): boolean {
  return place['x-kubernetes-patch-strategy']?.split(',').includes('retainKeys') ?? false
}

function listPatch(schemas: Schemas, place: Schema, last: Json[], next: Json[]): Json[] {
  const key = place['x-kubernetes-patch-merge-key']
  const merges = place['x-kubernetes-patch-strategy']?.split(',').includes('merge') ?? false
  if (!merges || key === undefined) return next
  const schema = resolveSchema(schemas, place.items)
  const find = (list: Json[], id: Json | undefined): JsonObject | undefined =>
    list.filter(isObject).find((item) => item[key] === id)
  const changes = next.filter(isObject).map((item): JsonObject => {
    const change = objectPatch(schemas, schema, find(last, item[key]) ?? {}, item)
    return retainsKeys(place) ? { ...change, $retainKeys: Object.keys(item) } : change
  })
  const gone = last.filter(isObject).filter((item) => find(next, item[key]) === undefined)
  return [...changes, ...gone.map((item) => ({ $patch: 'delete', [key]: item[key] ?? null }))]
}
