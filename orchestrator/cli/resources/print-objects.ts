import type { Scalar as YamlScalar } from 'yaml'
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

export interface PrintFlags {
  /** Absent: yes. */
  readonly headers?: boolean
  readonly showManagedFields?: boolean
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
  { headers = true, showManagedFields = false }: PrintFlags = {},
): Promise<string> {
  checkFormat(output)
  const [format = '', ...rest] = output.split('=')
  const argument = rest.join('=')
  if (format === 'name')
    return printed
      .map(({ resource, object }) => `${shownName(resource, object.metadata.name ?? '')}\n`)
      .join('')
  const objects = printed.map(({ object }) =>
    showManagedFields ? object : withoutManagedFields(object),
  )
  if (format === 'custom-columns') return formatColumns(argument, objects, headers)
  const value = single && objects[0] ? objects[0] : listOf(objects)
  if (format === 'json') return `${JSON.stringify(sortFields(value), undefined, 4)}\n`
  if (format === 'yaml') return formatYaml(value)
  return formatJsonPath(argument, value)
}

/** @throws CommandFailure for a format that there is not, or that lacks what belongs to it */
export function checkFormat(output: string): void {
  const [format = '', ...argument] = output.split('=')
  if (!formats.split(',').includes(format) || format === 'wide')
    throw new CommandFailure(
      `unable to match a printer suitable for the output format "${output}", allowed formats are: ${formats}`,
    )
  if (format === 'custom-columns' && argument.join('=') === '')
    throw new CommandFailure('custom-columns format specified but no custom columns given')
  if (format === 'jsonpath' && argument.join('=') === '')
    throw new CommandFailure('template format specified but no template given')
}

function listOf(items: readonly unknown[]): object {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } }
}

function withoutManagedFields(object: KubeObject): KubeObject {
  // A document may be none of an object.
  if (object.metadata === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

export async function formatYaml(value: unknown): Promise<string> {
  const { Document, Scalar, visit } = await import('yaml')
  const document = new Document(sortFields(value), { version: '1.1', aliasDuplicateObjects: false })
  visit(document, {
    Scalar: (_key, node) => {
      const type = typeof node.value === 'string' ? quotesOf(node.value, Scalar) : undefined
      if (type) node.type = type
    },
  })
  const text = document.toString({ indentSeq: false, lineWidth: 0, singleQuote: true })
  // The one name that Go's writer leaves bare, and others do not: it is in every list of managed fields.
  return text.replaceAll(/^( *)(["'])\.\2: \{\}$/gm, '$1.: {}')
}

type QuoteTypes = Pick<typeof YamlScalar, 'QUOTE_DOUBLE' | 'PLAIN' | 'QUOTE_SINGLE'>

/** As Go's writer chooses: double where it would be no text without them, or has what cannot be shown; else single where any are needed. */
function quotesOf(text: string, types: QuoteTypes): YamlScalar.Type | undefined {
  if (text.includes('\n')) return undefined
  if (/^(?:[-+.\d]|~$|(?:null|true|false|yes|no|on|off|y|n)$)/i.test(text) && isOther(text))
    return types.QUOTE_DOUBLE
  if (text === '' || /[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd]/.test(text)) return types.QUOTE_DOUBLE
  return needsQuotes(text) ? types.QUOTE_SINGLE : types.PLAIN
}

/** Whether it would be read as a number, a time or a word for yes, no or nothing. */
function isOther(text: string): boolean {
  return (
    /^(?:~|null|true|false|yes|no|on|off|y|n)$/i.test(text) ||
    /^[-+]?(?:0b[01_]+|0x[\da-f_]+|0o?[0-7_]+|\d[\d_]*)$/i.test(text) ||
    /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?$/i.test(text) ||
    /^[-+]?\.(?:inf|nan)$/i.test(text) ||
    /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?$/.test(text) ||
    /^\d{4}-\d\d?-\d\d?(?:(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d.*)?$/.test(text)
  )
}

function needsQuotes(text: string): boolean {
  return (
    /^[-?:](?:\s|$)/.test(text) ||
    /^[,[\]{}#&*!|>'"%@`]/.test(text) ||
    /: |:$| #|^\s|\s$|^(?:---|\.\.\.)/.test(text) ||
    text === '<<'
  )
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
