import { textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { shownName } from './discover.ts'
import type { ApiResource } from './discover.ts'
import { formatJsonPath, shownValue, sortFields, valuesAtPath } from './json-path.ts'
import { CommandFailure } from './session.ts'
import { makeTextTable } from './text-table.ts'

export interface Printed {
  readonly resource: ApiResource
  readonly object: KubeObject
}

const formats = 'custom-columns,json,jsonpath,name,wide,yaml'

/**
 * Objects in one of kubectl's formats other than the tables of the server.
 * @param single whether one object was asked for by its name: it is not put into a list then
 * @throws CommandFailure for a format that there is not
 */
export async function formatObjects(
  output: string,
  printed: readonly Printed[],
  single: boolean,
  headers = true,
): Promise<string> {
  const [format = '', ...rest] = output.split('=')
  const argument = rest.join('=')
  if (format === 'name')
    return printed
      .map(({ resource, object }) => `${shownName(resource, object.metadata.name ?? '')}\n`)
      .join('')
  const objects = printed.map(({ object }) => withoutManagedFields(object))
  if (format === 'custom-columns') return formatColumns(argument, objects, headers)
  const value = single && objects[0] ? objects[0] : listOf(objects)
  if (format === 'json') return `${JSON.stringify(sortFields(value), undefined, 4)}\n`
  if (format === 'yaml') return formatYaml(value)
  if (format === 'jsonpath') return formatJsonPath(argument, value)
  throw new CommandFailure(
    `unable to match a printer suitable for the output format "${output}", allowed formats are: ${formats}`,
  )
}

function listOf(items: readonly unknown[]): object {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } }
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

export async function formatYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml')
  return stringify(sortFields(value), {
    version: '1.1',
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  })
}

/** `NAME:.metadata.name,NODE:.spec.nodeName` */
function formatColumns(text: string, objects: readonly KubeObject[], headers: boolean): string {
  const columns = text.split(',').map((column) => {
    const [title = '', ...path] = column.split(':')
    if (title === '' || path.length === 0)
      throw new CommandFailure(
        `unexpected custom-columns spec: ${column}, expected <header>:<json-path-expr>`,
      )
    return { title, path: path.join(':') }
  })
  const rows = objects.map((object) =>
    columns.map(({ path }) => valuesAtPath(path, object).map(shownValue).join(',') || '<none>'),
  )
  const head = headers ? [columns.map(({ title }) => title)] : []
  return makeTextTable().format([...head, ...rows])
}

/** The text of one field, for sorting. */
export function fieldText(object: unknown, path: string): string {
  return shownValue(valuesAtPath(path, object)[0])
}

export function nameOf(object: unknown): string {
  return textAt(object, ['metadata', 'name']) ?? ''
}
