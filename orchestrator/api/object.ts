// Objects as they are on the wire: plain JSON. Kinds are data, so there are no types per kind here.

export type Json = null | boolean | number | string | Json[] | JsonObject
// An interface, since a type alias may not refer to itself through Record.
export interface JsonObject {
  [field: string]: Json | undefined
}

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ManagedFieldsEntry {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  time?: string
  fieldsType: 'FieldsV1'
  fieldsV1: JsonObject
  subresource?: string
}

export interface ObjectMeta {
  name?: string
  generateName?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: ManagedFieldsEntry[]
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
  spec?: JsonObject
  status?: JsonObject
  [field: string]: unknown
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A copy of JSON that shares nothing with the original. */
export function clone<Value>(value: Value): Value {
  return copy(value) as Value
}

/** Several times as fast as `structuredClone`, which writes everything out and reads it again. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy)
  if (!isObject(value)) return value
  const result: Record<string, unknown> = {}
  for (const field of Object.keys(value))
    if (field === '__proto__') define(result, field, copy(value[field]))
    else result[field] = copy(value[field])
  return result
}

/** A field whose name means something else to an assignment. */
function define(object: object, field: string, value: unknown): void {
  Object.defineProperty(object, field, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

/** Whether two values are the same JSON; the order of fields does not count, an absent field is an undefined one. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a))
    return (
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameJson(item, b[index]))
    )
  if (!isObject(a) || !isObject(b)) return false
  const fields = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...fields].every((field) => sameJson(a[field], b[field]))
}

/** The value at a path of field names, undefined where there is none. */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let at: unknown = value
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined
    at = (at as Record<string | number, unknown>)[part]
  }
  return at
}

/** A list field, empty where it is absent. */
export function listAt(value: unknown, path: readonly (string | number)[]): JsonObject[] {
  const list = valueAt(value, path)
  return Array.isArray(list) ? list.filter(isObject) : []
}

export function textAt(value: unknown, path: readonly (string | number)[]): string | undefined {
  const text = valueAt(value, path)
  return typeof text === 'string' ? text : undefined
}

export function numberAt(value: unknown, path: readonly (string | number)[]): number | undefined {
  const number = valueAt(value, path)
  return typeof number === 'number' ? number : undefined
}

/** A scalar as people read it; nothing for what is no scalar. */
export function plainText(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}
