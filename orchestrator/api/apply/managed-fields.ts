import { isObject } from '../object.ts'
import type { JsonObject, KubeObject, ManagedFieldsEntry } from '../object.ts'
import type { Schema, Schemas } from '../schema.ts'
import { decodeFields, encodeFields } from './field-path.ts'
import type { FieldPath, FieldSet } from './field-path.ts'
import { changedFields, ownableFields } from './object-fields.ts'

export interface Manager {
  readonly name: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly subresource?: string | undefined
}

export function isSameManager(entry: ManagedFieldsEntry, manager: Manager): boolean {
  return (
    entry.manager === manager.name &&
    entry.operation === manager.operation &&
    (entry.subresource ?? '') === (manager.subresource ?? '')
  )
}

function makeEntry(manager: Manager, fields: FieldSet, time: string): ManagedFieldsEntry {
  return {
    manager: manager.name,
    operation: manager.operation,
    apiVersion: manager.apiVersion,
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: encodeFields(fields),
    ...(manager.subresource === undefined ? {} : { subresource: manager.subresource }),
  }
}

function without(
  entry: ManagedFieldsEntry,
  lost: (path: FieldPath) => boolean,
): ManagedFieldsEntry[] {
  const before = decodeFields(entry.fieldsV1)
  const kept = new Set([...before].filter((path) => !lost(path)))
  if (kept.size === before.size) return [entry]
  return kept.size === 0 ? [] : [{ ...entry, fieldsV1: encodeFields(kept) }]
}

/**
 * The entries with those of one manager set to `fields`, and with these taken from others who are named.
 * @param lost what everybody else does not own any more
 */
export function replaceEntry(
  entries: readonly ManagedFieldsEntry[],
  manager: Manager,
  fields: FieldSet,
  lost: (path: FieldPath) => boolean,
  time: string,
): ManagedFieldsEntry[] {
  const mine = entries.find((entry) => isSameManager(entry, manager))
  const encoded = JSON.stringify(encodeFields(fields))
  const unchanged =
    mine !== undefined && encoded === JSON.stringify(encodeFields(decodeFields(mine.fieldsV1)))
  const entry = unchanged ? mine : makeEntry(manager, fields, time)
  const others = entries.flatMap((one) => (isSameManager(one, manager) ? [] : without(one, lost)))
  return fields.size === 0 ? others : [...others, entry]
}

/** Entries that the writer gives: a client may hand its fields over to another name, or clear all with `[{}]`. */
function givenEntries({ metadata }: KubeObject): ManagedFieldsEntry[] | undefined {
  const given = metadata.managedFields
  if (given === undefined || given.length === 0) return undefined
  const isWhole = ({ manager, operation, fieldsV1 }: ManagedFieldsEntry) =>
    Boolean(manager) && (operation === 'Apply' || operation === 'Update') && isObject(fieldsV1)
  return given.filter(isWhole)
}

/**
 * Who owns what after a write that was no apply: what changed belongs to the writer alone, what is gone to nobody.
 * Changes `metadata.managedFields` of the object.
 */
export function recordUpdate(
  schemas: Schemas,
  schema: Schema,
  object: KubeObject,
  current: KubeObject | undefined,
  manager: Manager,
  time: string,
): void {
  const entries = givenEntries(object) ?? current?.metadata.managedFields ?? []
  const after = ownableFields(schemas, schema, object as unknown as JsonObject)
  const before = current
    ? ownableFields(schemas, schema, current as unknown as JsonObject)
    : new Map<FieldPath, never>()
  const changed = changedFields(before, after)
  const gone = [...before.keys()].some((path) => !after.has(path))
  let result = [...entries]
  if (changed.size > 0 || gone) {
    const mine = entries.find((entry) => isSameManager(entry, manager))
    const owned = mine ? decodeFields(mine.fieldsV1) : new Set<FieldPath>()
    const fields = new Set([...owned, ...changed].filter((path) => after.has(path)))
    const lost = (path: FieldPath) => changed.has(path) || (before.has(path) && !after.has(path))
    result = replaceEntry(entries, manager, fields, lost, time)
  }
  if (result.length > 0) object.metadata.managedFields = result
  else delete object.metadata.managedFields
}
