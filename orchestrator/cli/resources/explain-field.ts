import { isObject, plainText, valueAt } from '../../api/object.ts'
import type { JsonObject } from '../../api/object.ts'
import type { ApiResource } from './discover.ts'
import { CommandFailure } from './session.ts'
import { wrapText } from './wrap-text.ts'

const width = 80
const prefix = '#/components/schemas/'

/** What `explain` says of a kind or a field of it. @param document OpenAPI v3 of its group @throws CommandFailure for a field that is not there */
export function explainField(
  document: unknown,
  { group, version, kind }: ApiResource,
  path: readonly string[],
  recursive: boolean,
): string {
  const schemas = (valueAt(document, ['components', 'schemas']) ?? {}) as JsonObject
  const heading = [
    ...(group === '' ? [] : [`GROUP:      ${group}`]),
    `KIND:       ${kind}`,
    `VERSION:    ${version}`,
    '',
  ]
  let place: JsonObject = rootOf(schemas, group, version, kind)
  for (const name of path) {
    const fields = fieldsOf(schemas, place)
    const next = fields[name]
    if (!next) {
      process.stdout.write(`${heading.join('\n')}\n`)
      throw new CommandFailure(`field ${JSON.stringify(name)} does not exist`)
    }
    place = next
  }
  const fields = fieldsOf(schemas, place)
  const names = Object.keys(fields).toSorted()
  const title = [
    ...heading,
    ...(path.length === 0
      ? []
      : [`FIELD: ${path.at(-1)!} <${typeOf(schemas, place)}>`, ...enumLine(schemas, place), '']),
    'DESCRIPTION:',
    description(schemas, place, 4, '<empty>'),
  ].join('\n')
  const required = requiredOf(schemas, place)
  const lines = names.map((name) =>
    recursive
      ? nested(schemas, name, fields[name]!, required.has(name), 1, [])
      : shownField(schemas, name, fields[name]!, required.has(name)),
  )
  return `${title}\n${names.length === 0 ? '' : `FIELDS:\n${lines.join('')}`}\n`
}

function rootOf(schemas: JsonObject, group: string, version: string, kind: string): JsonObject {
  const found = Object.values(schemas)
    .filter(isObject)
    .find((schema) => {
      const names = schema['x-kubernetes-group-version-kind']
      return (
        Array.isArray(names) &&
        names
          .filter(isObject)
          .some(
            (each) =>
              each['group'] === group && each['version'] === version && each['kind'] === kind,
          )
      )
    })
  if (found) return found
  throw new CommandFailure(`couldn't find resource for "${group}/${version}, Kind=${kind}"`)
}

/** A reference may be the only one of `allOf`, beside words of its own. */
function referred(schemas: JsonObject, schema: JsonObject): JsonObject | undefined {
  const [first] = (Array.isArray(schema['allOf']) ? schema['allOf'] : []).filter(isObject)
  const name = schema['$ref'] ?? first?.['$ref']
  if (typeof name !== 'string') return undefined
  const found = schemas[name.slice(prefix.length)]
  return isObject(found) ? found : undefined
}

function innerOf(schema: JsonObject): JsonObject | undefined {
  const { items, additionalProperties } = schema
  return isObject(items) ? items : isObject(additionalProperties) ? additionalProperties : undefined
}

function fieldsOf(schemas: JsonObject, schema: JsonObject): Record<string, JsonObject | undefined> {
  const own = schema['properties']
  if (isObject(own)) return own as Record<string, JsonObject>
  const next = referred(schemas, schema) ?? innerOf(schema)
  return next ? fieldsOf(schemas, next) : {}
}

function requiredOf(schemas: JsonObject, schema: JsonObject): Set<unknown> {
  if (isObject(schema['properties']))
    return new Set(Array.isArray(schema['required']) ? schema['required'] : [])
  const next = referred(schemas, schema) ?? innerOf(schema)
  return next ? requiredOf(schemas, next) : new Set()
}

/** `[]Container`, `map[string]string`, `integer`. */
function typeOf(schemas: JsonObject, schema: JsonObject): string {
  const [first] = (Array.isArray(schema['allOf']) ? schema['allOf'] : []).filter(isObject)
  const name = schema['$ref'] ?? first?.['$ref']
  if (typeof name === 'string') return plainTypeOf(schemas, schema) ?? name.split('.').at(-1) ?? ''
  const { type, items, additionalProperties } = schema
  if (type === 'array') return `[]${isObject(items) ? typeOf(schemas, items) : 'Object'}`
  if (isObject(additionalProperties)) return `map[string]${typeOf(schemas, additionalProperties)}`
  return typeof type === 'string' ? (type === 'object' ? 'Object' : type) : 'Object'
}

/** A time is a text, and is called so. */
function plainTypeOf(schemas: JsonObject, schema: JsonObject): string | undefined {
  const { type, oneOf } = referred(schemas, schema) ?? {}
  return oneOf === undefined && typeof type === 'string' && type !== 'object' ? type : undefined
}

function enumLine(schemas: JsonObject, schema: JsonObject): string[] {
  const values = schema['enum'] ?? referred(schemas, schema)?.['enum']
  if (!Array.isArray(values)) return ['']
  return ['ENUM:', ...values.map((value) => `    ${plainText(value)}`)]
}

/** Its own words, and those of what it refers to. */
function description(
  schemas: JsonObject,
  schema: JsonObject,
  indent: number,
  none: string,
): string {
  const texts: string[] = []
  let next: JsonObject | undefined = schema
  while (next) {
    const text: unknown = next['description']
    if (typeof text === 'string' && text !== '') texts.push(text)
    next = referred(schemas, next) ?? innerOf(next)
  }
  const lines = (texts.length > 0 ? texts : [none]).flatMap((text) =>
    wrapText(text, width - indent),
  )
  return `${lines.map((line) => ' '.repeat(indent) + line).join('\n')}\n${' '.repeat(indent)}`
}

function shownField(
  schemas: JsonObject,
  name: string,
  schema: JsonObject,
  required: boolean,
): string {
  const values = schema['enum']
  const choice = Array.isArray(values) ? `  enum: ${enumText(values)}\n` : ''
  const text = typeof schema['description'] === 'string' ? schema['description'] : ''
  const shown = text === '' ? referredText(schemas, schema) : text
  const lines = wrapText(shown === '' ? '<no description>' : shown, width - 4)
  const head = `  ${name}\t<${typeOf(schemas, schema)}>${required ? ' -required-' : ''}\n`
  return `${head}${choice}${lines.map((line) => `    ${line}\n`).join('')}\n`
}

function referredText(schemas: JsonObject, schema: JsonObject): string {
  const text = referred(schemas, schema)?.['description']
  return typeof text === 'string' ? text : ''
}

const mostShown = 4

function enumText(values: readonly unknown[]): string {
  const words = values.map((value) => (value === '' ? '""' : plainText(value)))
  return words.length > mostShown
    ? `${words.slice(0, mostShown).join(', ')}, ....`
    : words.join(', ')
}

function nested(
  schemas: JsonObject,
  name: string,
  schema: JsonObject,
  required: boolean,
  level: number,
  within: readonly JsonObject[],
): string {
  const indent = '  '.repeat(level)
  const values = schema['enum']
  const choice = Array.isArray(values) ? `${indent}enum: ${enumText(values)}\n` : ''
  const line = `${indent}${name}\t<${typeOf(schemas, schema)}>${required ? ' -required-' : ''}\n${choice}`
  const fields = fieldsOf(schemas, schema)
  // Some kinds are within themselves.
  if (within.includes(fields)) return line
  const inner = requiredOf(schemas, schema)
  const rest = Object.keys(fields)
    .toSorted()
    .map((each) =>
      nested(schemas, each, fields[each]!, inner.has(each), level + 1, [
        ...within,
        fields as JsonObject,
      ]),
    )
  return line + rest.join('')
}
