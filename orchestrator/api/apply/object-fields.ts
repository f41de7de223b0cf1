import { isObject, sameJson } from '../object.ts'
import type { Json, JsonObject } from '../object.ts'
import { fieldSchema, resolveSchema } from '../schema.ts'
import type { Schema, Schemas } from '../schema.ts'
import { fieldElement, joinPath, keyElement, valueElement } from './field-path.ts'
import type { FieldPath } from './field-path.ts'

/** Where a field leads: into the fields of an object, the items of a list, or nowhere further. */
export type Shape =
  | { readonly kind: 'fields'; readonly schema: Schema }
  | { readonly kind: 'items'; readonly keys: readonly string[]; readonly item: Schema }
  | { readonly kind: 'set' }
  | { readonly kind: 'leaf' }

/** How a value is owned: as a whole, or part by part. */
export function shapeOf(schemas: Schemas, place: Schema, value: Json): Shape {
  const own = resolveSchema(schemas, place)
  if (isObject(value)) {
    const mapType = place['x-kubernetes-map-type'] ?? own['x-kubernetes-map-type']
    const opaque = own.properties === undefined && own.additionalProperties === undefined
    return mapType === 'atomic' || opaque ? { kind: 'leaf' } : { kind: 'fields', schema: own }
  }
  if (!Array.isArray(value)) return { kind: 'leaf' }
  const listType = place['x-kubernetes-list-type']
  if (listType === 'set') return { kind: 'set' }
  const keys = place['x-kubernetes-list-map-keys']
  if (listType === 'map' && keys && value.every(isObject))
    return { kind: 'items', keys, item: own.items ?? {} }
  return { kind: 'leaf' }
}

/** Identity and what the server keeps: nobody owns these. */
const unowned = new Set(
  [
    'apiVersion',
    'kind',
    ...[
      'name',
      'generateName',
      'namespace',
      'uid',
      'resourceVersion',
      'generation',
      'creationTimestamp',
      'deletionTimestamp',
      'deletionGracePeriodSeconds',
      'selfLink',
      'managedFields',
    ].map((field) => `metadata.${field}`),
  ].map((path) => path.split('.').map(fieldElement).join('\0')),
)

/** Every field that somebody can own, with its value; of a list item the item itself too, with its keys. */
export function ownableFields(
  schemas: Schemas,
  schema: Schema,
  object: JsonObject,
): Map<FieldPath, Json> {
  const fields = new Map<FieldPath, Json>()

  function visit(place: Schema, value: Json, path: FieldPath): void {
    if (unowned.has(path)) return
    const shape = shapeOf(schemas, place, value)
    if (shape.kind === 'fields') visitFields(shape.schema, value as JsonObject, path)
    else if (shape.kind === 'set')
      for (const item of value as Json[]) fields.set(joinPath(path, valueElement(item)), item)
    else if (shape.kind === 'items')
      for (const item of value as JsonObject[]) {
        const element = joinPath(path, keyElement(item, shape.keys))
        fields.set(element, element)
        visitFields(resolveSchema(schemas, shape.item), item, element)
      }
    else fields.set(path, value)
  }

  function visitFields(own: Schema, value: JsonObject, path: FieldPath): void {
    const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
    // An object with nothing in it is a value of its own.
    if (entries.length === 0 && path !== '' && !fields.has(path)) fields.set(path, {})
    for (const [name, entry] of entries)
      visit(fieldSchema(own, name) ?? {}, entry as Json, joinPath(path, fieldElement(name)))
  }

  visitFields(schema, object, '')
  return fields
}

/** Fields that are in `after` and not, or with another value, in `before`. */
export function changedFields(
  before: ReadonlyMap<FieldPath, Json>,
  after: ReadonlyMap<FieldPath, Json>,
): Set<FieldPath> {
  const changed = [...after].filter(([path, value]) => !sameJson(before.get(path), value))
  return new Set(changed.map(([path]) => path))
}
