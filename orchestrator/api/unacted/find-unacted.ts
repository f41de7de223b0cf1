import { isObject, sameJson } from '../object.ts'
import type { Json, JsonObject, KubeObject } from '../object.ts'
import { unactedKeywords } from './schema-keywords.ts'
import { unactedFields } from './unacted-fields.ts'
import type { UnactedField } from './unacted-fields.ts'

/** Rows as a tree of fields, so that an object is gone through once. */
interface Branch {
  readonly fields: Map<string, Branch>
  items?: Branch
  leaf?: UnactedField
}

const trees = new Map<string, Branch>()

function treeOf(kind: { group: string; kind: string }): Branch {
  const key = `${kind.group}/${kind.kind}`
  const known = trees.get(key)
  if (known) return known
  const root: Branch = { fields: new Map() }
  for (const field of unactedFields(kind)) grow(root, field)
  trees.set(key, root)
  return root
}

function grow(root: Branch, field: UnactedField): void {
  let at = root
  for (const part of field.path === '' ? [] : field.path.split('.')) {
    const name = part.replace(/\[\]$/, '')
    let next = at.fields.get(name)
    if (!next) at.fields.set(name, (next = { fields: new Map() }))
    at = part.endsWith('[]') ? (next.items ??= { fields: new Map() }) : next
  }
  at.leaf = field
}

/**
 * The fields of an object that are kept and that nothing acts on.
 * @param current what there was: only what changes is told again
 * @returns paths like `spec.volumes[0].nfs`; an empty one is the object as a whole
 */
export function findUnacted(
  kind: { group: string; kind: string },
  object: KubeObject,
  current?: KubeObject,
): string[] {
  const tree = treeOf(kind)
  if (tree.leaf) return current ? [] : ['']
  const found: string[] = []
  visit(tree, object as unknown as JsonObject, current as unknown as JsonObject, '', found)
  if (kind.kind !== 'CustomResourceDefinition') return found
  const known = unactedKeywordsOf(current)
  return [...found, ...unactedKeywords(object).filter((path) => !known.has(path))]
}

function unactedKeywordsOf(current: KubeObject | undefined): ReadonlySet<string> {
  return new Set(current ? unactedKeywords(current) : [])
}

function visit(
  { fields, items, leaf }: Branch,
  value: Json | undefined,
  before: Json | undefined,
  path: string,
  found: string[],
): void {
  if (value === undefined || value === null) return
  if (leaf && asks(leaf, value) && !sameJson(value, before)) found.push(path)
  if (items && Array.isArray(value)) {
    const counterpart = counterparts(before)
    for (const [index, item] of value.entries())
      visit(items, item, counterpart(item, index), `${path}[${index}]`, found)
  }
  if (fields.size === 0 || !isObject(value)) return
  const old = isObject(before) ? before : {}
  for (const [name, branch] of fields)
    visit(branch, value[name], old[name], path === '' ? name : `${path}.${name}`, found)
}

/** The item of the same name, or else at the same place. */
function counterparts(before: Json | undefined): (item: Json, index: number) => Json | undefined {
  if (!Array.isArray(before)) return () => undefined
  const named = new Map<Json | undefined, Json>()
  for (const other of before)
    if (isObject(other) && !named.has(other['name'])) named.set(other['name'], other)
  return (item, index) => {
    const name = isObject(item) ? item['name'] : undefined
    return typeof name === 'string' ? named.get(name) : before[index]
  }
}

function asks({ usual = [], only }: UnactedField, value: Json): boolean {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return false
  if (usual.some((one) => sameJson(one, value))) return false
  return !only || only.some((one) => sameJson(one, value))
}
