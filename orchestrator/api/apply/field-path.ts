import { isObject } from '../object.ts'
import type { Json, JsonObject } from '../object.ts'

// Fields as managedFields names them: f:<field>, k:<keys of a list item>, v:<value of a set's item>.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management

/** Path elements, joined by a character that is in none of them. */
export type FieldPath = string
export type FieldSet = ReadonlySet<FieldPath>

const separator = '\0'

export function joinPath(path: FieldPath, element: string): FieldPath {
  return path === '' ? element : `${path}${separator}${element}`
}

export function splitPath(path: FieldPath): string[] {
  return path.split(separator)
}

/** The path itself, and all that it is below. */
export function* ancestorsOf(path: FieldPath): Generator<FieldPath> {
  yield path
  for (let at = path.lastIndexOf(separator); at > 0; at = path.lastIndexOf(separator, at - 1))
    yield path.slice(0, at)
}

export const fieldElement = (name: string): string => `f:${name}`
export const valueElement = (value: Json): string => `v:${JSON.stringify(value)}`

/** What a list item is known by; a key that is absent has the value that the API gives it. */
export function keyElement(item: JsonObject, keys: readonly string[]): string {
  const entries = keys.toSorted().flatMap((key) => {
    const value = item[key] ?? usualKeys[key]
    return value === undefined ? [] : [[key, value]]
  })
  return `k:${JSON.stringify(Object.fromEntries(entries))}`
}

const usualKeys: Readonly<Record<string, Json>> = { protocol: 'TCP' }

/** `.spec.containers[name="c"].image`, as conflicts name fields. */
export function describePath(path: FieldPath): string {
  return splitPath(path)
    .map((element) => {
      const text = element.slice(2)
      if (element.startsWith('f:')) return `.${text}`
      if (element.startsWith('v:')) return `[=${text}]`
      return `[${describeKeys(text)}]`
    })
    .join('')
}

/** Clients write managed fields too, and what they like in them. */
function describeKeys(text: string): string {
  try {
    const keys = Object.entries(JSON.parse(text) as JsonObject)
    return keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')
  } catch {
    return text
  }
}

/** The set as `fieldsV1` has it: a tree in which `.` marks a field that has fields and is owned itself. */
export function encodeFields(fields: FieldSet): JsonObject {
  const root: JsonObject = {}
  for (const path of [...fields].toSorted()) {
    let node = root
    for (const element of splitPath(path)) {
      const next = (node[element] ??= {})
      node = next as JsonObject
    }
    node['.'] = {}
  }
  return trimLeaves(root)
}

/** A leaf is an empty object: its mark says nothing. */
function trimLeaves(node: JsonObject): JsonObject {
  for (const [element, child] of Object.entries(node)) {
    if (element === '.' || !isObject(child)) continue
    if (Object.keys(child).length === 1 && child['.']) delete child['.']
    else trimLeaves(child)
  }
  return node
}

/** The reverse of `encodeFields`; what is no tree of fields is skipped. */
export function decodeFields(tree: unknown): Set<FieldPath> {
  const fields = new Set<FieldPath>()
  const walk = (node: unknown, path: FieldPath, depth: number): void => {
    if (!isObject(node) || depth > 100) return
    const elements = Object.keys(node)
    if (path !== '' && (elements.length === 0 || elements.includes('.'))) fields.add(path)
    for (const element of elements)
      if (/^[fkv]:/.test(element)) walk(node[element], joinPath(path, element), depth + 1)
  }
  walk(tree, '', 0)
  return fields
}
