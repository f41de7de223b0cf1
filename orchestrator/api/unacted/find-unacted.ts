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
  if (kind.kind === 'CustomResourceDefinition')
    found.push(...unactedKeywords(object).filter((path) => !unactedKeywordsOf(current).has(path)))
  return found
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
  if (items && Array.isArray(value))
    for (const [index, item] of value.entries())
      visit(items, item, counterpart(before, item, index), `${path}[${index}]`, found)
  if (fields.size === 0 || !isObject(value)) return
  const old = isObject(before) ? before : {}
  for (const [name, branch] of fields)
    visit(branch, value[name], old[name], path === '' ? name : `${path}.${name}`, found)
}

/** The item of the same name, or else at the same place. */
function counterpart(before: Json | undefined, item: Json, index: number): Json | undefined {
  if (!Array.isArray(before)) return undefined
  const name = isObject(item) ? item['name'] : undefined
  if (typeof name !== 'string') return before[index]
  return before.find((other) => isObject(other) && other['name'] === name)
}

function asks({ usual = [], only }: UnactedField, value: Json): boolean {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return false
  if (usual.some((one) => sameJson(one, value))) return false
  return !only || only.some((one) => sameJson(one, value))
}
