import { isObject } from '../object.ts'
import type { Json, JsonObject } from '../object.ts'
import { fieldSchema, resolveSchema } from '../schema.ts'
import type { Schema, Schemas } from '../schema.ts'
import { setField } from '../set-field.ts'
import { identityOf } from './identity.ts'
import { PatchError } from './json-patch.ts'

// Merge patch with knowledge of the kind: lists are merged item by item where the schema names a merge key.
// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md

const directive = '$patch'
const retainKeys = '$retainKeys'
const orderPrefix = '$setElementOrder/'
const deletePrefix = '$deleteFromPrimitiveList/'
const deepest = 200

/** Apply a strategic merge patch; nothing given is changed. @throws PatchError */
export function applyStrategicMerge(
  schemas: Schemas,
  schema: Schema,
  target: JsonObject,
  patch: JsonObject,
): JsonObject {
  return mergeObjects({ schemas, depth: 0 }, schema, target, patch)
}

interface Context {
  readonly schemas: Schemas
  readonly depth: number
}

function mergeObjects(
  { schemas, depth }: Context,
  schema: Schema,
  target: JsonObject,
  patch: JsonObject,
): JsonObject {
  if (depth > deepest) throw new PatchError('the patch is nested too deep', true)
  const { [directive]: how, [retainKeys]: retained, ...changes } = patch
  if (how === 'replace') return withoutDirectives(changes)
  if (how === 'delete') return {}
  if (how !== undefined && how !== 'merge')
    throw new PatchError(`Unknown patch type found: ${JSON.stringify(how)}`, true)
  const result = retained === undefined ? { ...target } : retain(target, retained)
  const context = { schemas, depth: depth + 1 }
  for (const [name, change] of Object.entries(changes)) {
    if (name.startsWith(orderPrefix) || name.startsWith(deletePrefix)) continue
    const set = (value: Json) => setField(result, name, value)
    const place = fieldSchema(schema, name) ?? {}
    const current = Object.hasOwn(result, name) ? result[name] : undefined
    if (change === null) delete result[name]
    else if (isObject(change)) {
      const own = resolveSchema(schemas, place)
      const replaced = place['x-kubernetes-patch-strategy'] === 'replace'
      const base = isObject(current) && !replaced ? current : {}
      set(mergeObjects(context, own, base, retainedChange(place, change)))
      if (change[directive] === 'delete') delete result[name]
    } else if (Array.isArray(change))
      set(mergeLists(context, place, Array.isArray(current) ? current : [], change))
    else set(change as Json)
  }
  deleteFromLists(result, changes)
  orderLists(schema, result, target, changes)
  return result
}

function retainedChange(place: Schema, change: JsonObject): JsonObject {
  // Merged as usual; the directive in the patch says which keys stay.
  return place['x-kubernetes-patch-strategy']?.includes('replace')
    ? withoutDirectives(change)
    : change
}

function retain(target: JsonObject, retained: unknown): JsonObject {
  if (!Array.isArray(retained)) throw new PatchError(`${retainKeys} is no list`, true)
  return Object.fromEntries(Object.entries(target).filter(([name]) => retained.includes(name)))
}

/** What a patch says where there is nothing to merge with: nulls and directives mean nothing. */
function withoutDirectives(patch: JsonObject): JsonObject {
  const fields = Object.entries(patch)
    .filter(([name, value]) => !name.startsWith('$') && value !== null)
    .map(([name, value]) => [name, isObject(value) ? withoutDirectives(value) : value])
  return Object.fromEntries(fields) as JsonObject
}

function mergeLists(context: Context, place: Schema, current: Json[], change: Json[]): Json[] {
  const key = place['x-kubernetes-patch-merge-key']
  const merges = place['x-kubernetes-patch-strategy']?.split(',').includes('merge')
  const items = change.filter(isObject)
  if (items.some((item) => item[directive] === 'replace'))
    return items.filter((item) => item[directive] !== 'replace').map(withoutDirectives)
  if (!merges) return change.map((item) => (isObject(item) ? withoutDirectives(item) : item))
  if (key === undefined) return mergePrimitives(current, change)
  return mergeByKey(context, resolveSchema(context.schemas, place.items), key, current, items)
}

function mergePrimitives(current: Json[], change: Json[]): Json[] {
  const known = new Set(current.map(identityOf))
  return [...current, ...change.filter((item) => !known.has(identityOf(item)))]
}

function mergeByKey(
  context: Context,
  schema: Schema,
  key: string,
  current: Json[],
  changes: JsonObject[],
): Json[] {
  const result: (Json | undefined)[] = [...current]
  const places = new Map<string, number[]>()
  const remember = (item: Json, at: number): void => {
    if (!isObject(item)) return
    const id = identityOf(item[key])
    places.set(id, [...(places.get(id) ?? []), at])
  }
  for (const [at, item] of current.entries()) remember(item, at)
  for (const change of changes) {
    const id = change[key]
    const found = places.get(identityOf(id)) ?? []
    if (change[directive] === 'delete') {
      for (const at of found) result[at] = undefined
      places.delete(identityOf(id))
      continue
    }
    if (id === undefined)
      throw new PatchError(
        `map: ${JSON.stringify(change)} does not contain declared merge key: ${key}`,
      )
    const at = found[0] ?? result.length
    const known = result[at]
    const merged = mergeObjects(context, schema, isObject(known) ? known : {}, change)
    result[at] = merged
    if (found.length === 0) remember(merged, at)
  }
  return result.filter((item) => item !== undefined)
}

function deleteFromLists(result: JsonObject, changes: JsonObject): void {
  for (const [name, values] of Object.entries(changes)) {
    if (!name.startsWith(deletePrefix)) continue
    if (!Array.isArray(values)) throw new PatchError(`${name} is no list`, true)
    const field = name.slice(deletePrefix.length)
    const list = result[field]
    if (!Array.isArray(list)) continue
    const unwanted = new Set(values.map(identityOf))
    result[field] = list.filter((item) => !unwanted.has(identityOf(item)))
  }
}

function orderLists(
  schema: Schema,
  result: JsonObject,
  target: JsonObject,
  changes: JsonObject,
): void {
  for (const [name, order] of Object.entries(changes)) {
    if (!name.startsWith(orderPrefix)) continue
    if (!Array.isArray(order)) throw new PatchError(`${name} is no list`, true)
    const field = name.slice(orderPrefix.length)
    const list = result[field]
    const key = fieldSchema(schema, field)?.['x-kubernetes-patch-merge-key']
    const before = target[field]
    if (Array.isArray(list))
      result[field] = orderItems(list, order, Array.isArray(before) ? before : [], key)
  }
}

/** Items that the patch orders, in its order; those that only the server has stay where they were between them. */
function orderItems(list: Json[], order: Json[], before: Json[], key: string | undefined): Json[] {
  const idOf = (item: Json) => (key !== undefined && isObject(item) ? (item[key] ?? null) : item)
  const placesOf = (items: Json[]) =>
    new Map(items.map((item, at): [string, number] => [identityOf(idOf(item)), at]).toReversed())
  const indexIn = (places: ReadonlyMap<string, number>, item: Json) =>
    places.get(identityOf(idOf(item))) ?? -1
  const wanted = placesOf(order)
  const earlier = placesOf(before)
  const ordered = list
    .filter((item) => indexIn(wanted, item) >= 0)
    .toSorted((a, b) => indexIn(wanted, a) - indexIn(wanted, b))
  const others = list.filter((item) => indexIn(wanted, item) < 0)
  const result: Json[] = []
  let [here, there] = [0, 0]
  while (here < ordered.length && there < others.length) {
    const at = indexIn(earlier, ordered[here]!)
    const otherFirst = at >= 0 && at > indexIn(earlier, others[there]!)
    result.push(otherFirst ? others[there++]! : ordered[here++]!)
  }
  return [...result, ...ordered.slice(here), ...others.slice(there)]
}
