import { isObject, plainText } from '../../../api/object.ts'
import type { KubeObject } from '../../../api/object.ts'
import { annotations, heading, labels } from './page.ts'
import type { Page } from './page.ts'

/** Every kind that has no description of its own: all fields, in the order of their names. */
export function describeAny(page: Page, object: KubeObject): void {
  const { name: _, namespace: _in, labels: _with, annotations: _notes, ...rest } = object.metadata
  const { managedFields: _fields, ...metadata } = rest
  heading(page, object)
  labels(page, object)
  annotations(page, object.metadata.annotations)
  writeFields(page, 0, { ...object, metadata })
}

function writeFields(page: Page, level: number, fields: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(fields).toSorted()) {
    const value = fields[name]
    const title = `${titleOf(name)}:`
    if (value === undefined) continue
    if (isObject(value)) {
      page.line(level, title)
      writeFields(page, level + 1, value)
    } else if (Array.isArray(value)) {
      page.line(level, title)
      for (const item of value)
        if (isObject(item)) writeFields(page, level + 1, item)
        else page.line(level + 1, plainText(item))
    } else page.line(level, title, value === null ? '<nil>' : value)
  }
}

const acronyms = new Set(['API', 'URL', 'UID', 'OSB', 'GUID'])

/** `clusterName` is Cluster Name; what has other letters in it stays as it is. */
function titleOf(name: string): string {
  if (!/^[\p{L}-]+$/u.test(name)) return name
  const words = name.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}\p{Ll}+|\p{Ll}+|-+|\p{L}/gu) ?? []
  return words
    .map((word) =>
      acronyms.has(word.toUpperCase())
        ? word.toUpperCase()
        : `${word.charAt(0).toUpperCase()}${word.slice(1)}`,
    )
    .join(' ')
}
