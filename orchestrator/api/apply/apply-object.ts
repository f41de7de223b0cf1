import { isObject, sameJson } from '../object.ts'
import type { Json, JsonObject, KubeObject, ManagedFieldsEntry } from '../object.ts'
import { fieldSchema, resolveSchema } from '../schema.ts'
import type { Schema, Schemas } from '../schema.ts'
import { identityOf } from '../patch/identity.ts'
import { setField } from '../set-field.ts'
import {
  ancestorsOf,
  decodeFields,
  fieldElement,
  joinPath,
  keyElement,
  valueElement,
} from './field-path.ts'
import type { FieldPath, FieldSet } from './field-path.ts'
import { isSameManager, replaceEntry } from './managed-fields.ts'
import type { Manager } from './managed-fields.ts'
import { ownableFields, shapeOf } from './object-fields.ts'
import type { Shape } from './object-fields.ts'

export interface FieldConflict {
  readonly entry: ManagedFieldsEntry
  readonly path: FieldPath
}

export interface ApplyResult {
  readonly object: KubeObject
  /** Fields that others own with another value; empty when they were taken by force. */
  readonly conflicts: readonly FieldConflict[]
}

/**
 * Server-side apply: the object gets what the manager wants, loses what only this manager wanted before, and says
 * afterwards who owns what. Nothing given is changed.
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export function applyObject(
  schemas: Schemas,
  schema: Schema,
  current: KubeObject,
  wanted: KubeObject,
  manager: Manager,
  force: boolean,
  time: string,
): ApplyResult {
  const live = ownableFields(schemas, schema, current as unknown as JsonObject)
  const applied = ownableFields(schemas, schema, wanted as unknown as JsonObject)
  const entries = current.metadata.managedFields ?? []
  const others = entries.filter((entry) => !isSameManager(entry, manager))
  const different = [...applied].filter(([path, value]) => !sameJson(live.get(path), value))
  const contested = new Set(different.map(([path]) => path))
  const conflicts = others.flatMap((entry) =>
    [...decodeFields(entry.fieldsV1)]
      .filter((path) => contested.has(path) && live.has(path))
      .map((path) => ({ entry, path })),
  )
  if (conflicts.length > 0 && !force) return { object: current, conflicts }
  const fields = new Set(applied.keys())
  const dropped = droppedFields(entries, manager, fields, others)
  const merged = mergeObject(
    schemas,
    schema,
    current as unknown as JsonObject,
    wanted as unknown as JsonObject,
  )
  const object = removeFields(schemas, schema, merged, dropped, '') as unknown as KubeObject
  const lost = (path: FieldPath) => contested.has(path)
  const managedFields = replaceEntry(entries, manager, fields, lost, time)
  return { object: { ...object, metadata: { ...object.metadata, managedFields } }, conflicts: [] }
}

/** What this manager applied before and does not any more, unless somebody else owns it or something in it. */
function droppedFields(
  entries: readonly ManagedFieldsEntry[],
  manager: Manager,
  fields: FieldSet,
  others: readonly ManagedFieldsEntry[],
): FieldSet {
  const mine = entries.find((entry) => isSameManager(entry, manager))
  if (!mine) return new Set()
  const kept = new Set<FieldPath>()
  const keep = (path: FieldPath): void => {
    for (const one of ancestorsOf(path)) kept.add(one)
  }
  for (const path of fields) keep(path)
  for (const entry of others) for (const path of decodeFields(entry.fieldsV1)) keep(path)
  return new Set([...decodeFields(mine.fieldsV1)].filter((path) => !kept.has(path)))
}

function mergeObject(
  schemas: Schemas,
  schema: Schema,
  base: JsonObject,
  wanted: JsonObject,
): JsonObject {
  const result: JsonObject = { ...base }
  for (const [name, value] of Object.entries(wanted)) {
    if (value === undefined) continue
    const place = fieldSchema(schema, name) ?? {}
    const known = Object.hasOwn(result, name) ? result[name] : undefined
    setField(result, name, mergeValue(schemas, place, known, value))
  }
  return result
}

function mergeValue(schemas: Schemas, place: Schema, base: Json | undefined, wanted: Json): Json {
  const shape = shapeOf(schemas, place, wanted)
  if (shape.kind === 'fields' && isObject(wanted))
    return mergeObject(schemas, shape.schema, isObject(base) ? base : {}, wanted)
  if (!Array.isArray(wanted) || !Array.isArray(base)) return wanted
  if (shape.kind === 'set') {
    const known = new Set(base.map(identityOf))
    return [...base, ...wanted.filter((item) => !known.has(identityOf(item)))]
  }
  if (shape.kind !== 'items') return wanted
  return mergeItems(schemas, shape, base, wanted.filter(isObject))
}

function mergeItems(
  schemas: Schemas,
  { keys, item: place }: Extract<Shape, { kind: 'items' }>,
  base: readonly Json[],
  wanted: readonly JsonObject[],
): Json[] {
  const items = [...base]
  const own = resolveSchema(schemas, place)
  const places = new Map<string, number>()
  const remember = (item: Json, at: number): void => {
    const key = isObject(item) ? keyElement(item, keys) : undefined
    if (key !== undefined && !places.has(key)) places.set(key, at)
  }
  for (const [at, item] of base.entries()) remember(item, at)
  for (const item of wanted) {
    const at = places.get(keyElement(item, keys)) ?? items.length
    const known = items[at]
    items[at] = isObject(known) ? mergeObject(schemas, own, known, item) : item
    remember(item, at)
  }
  return items
}

/** The object without these fields; what becomes empty by that goes with them. */
function removeFields(
  schemas: Schemas,
  schema: Schema,
  object: JsonObject,
  dropped: FieldSet,
  path: FieldPath,
): JsonObject {
  if (dropped.size === 0) return object
  const result: JsonObject = {}
  for (const [name, value] of Object.entries(object)) {
    const at = joinPath(path, fieldElement(name))
    if (value === undefined || dropped.has(at)) continue
    const place = fieldSchema(schema, name) ?? {}
    const rest = removeFrom(schemas, place, value, dropped, at)
    if (!isEmptied(value, rest)) setField(result, name, rest)
  }
  return result
}

function isEmptied(before: Json, after: Json): boolean {
  const sizeOf = (value: Json) =>
    typeof value === 'object' && value !== null ? Object.keys(value).length : 1
  return sizeOf(after) === 0 && sizeOf(before) > 0
}

function removeFrom(
  schemas: Schemas,
  place: Schema,
  value: Json,
  dropped: FieldSet,
  path: FieldPath,
): Json {
  const shape = shapeOf(schemas, place, value)
  if (shape.kind === 'fields' && isObject(value))
    return removeFields(schemas, shape.schema, value, dropped, path)
  if (!Array.isArray(value)) return value
  if (shape.kind === 'set')
    return value.filter((item) => !dropped.has(joinPath(path, valueElement(item))))
  if (shape.kind !== 'items') return value
  const own = resolveSchema(schemas, shape.item)
  return value.filter(isObject).flatMap((item) => {
    const at = joinPath(path, keyElement(item, shape.keys))
    return dropped.has(at) ? [] : [removeFields(schemas, own, item, dropped, at)]
  })
}
