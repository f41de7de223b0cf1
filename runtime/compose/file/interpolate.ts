// Variables in the values of a Compose file.
// https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md

import { OperationError } from '../../../native/error.ts'
import { Overridden, Reset } from './merge-tag.ts'

export interface Variables {
  /** The value, or nothing where it is not set. */
  readonly get: (name: string) => string | undefined
  /** Told of each that is not set and has no default. */
  readonly onUnset: (name: string) => void
}

/** All strings of a value; keys stay as they are. `path` is for messages. */
export function interpolateTree(value: unknown, variables: Variables, path = ''): unknown {
  if (typeof value === 'string') return interpolate(value, variables, path)
  if (value instanceof Overridden)
    return new Overridden(interpolateTree(value.value, variables, path))
  if (value instanceof Reset) return value
  if (Array.isArray(value))
    return value.map((one, index) => interpolateTree(one, variables, `${path}[${index}]`))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      interpolateTree(member, variables, path === '' ? key : `${path}.${key}`),
    ]),
  )
}

const nameFirst = /[A-Za-z_]/
const wholeName = /^[A-Za-z_][A-Za-z0-9_]*/

/**
 * `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?error}`, `${NAME?error}`, `${NAME:+other}`,
 * `${NAME+other}`, each nested at will; `$$` is a dollar.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`: malformed, or required and not set
 */
export function interpolate(text: string, variables: Variables, path = ''): string {
  let result = ''
  let at = 0
  while (at < text.length) {
    const dollar = text.indexOf('$', at)
    if (dollar < 0) return result + text.slice(at)
    result += text.slice(at, dollar)
    const next = text[dollar + 1] ?? ''
    if (next === '$') {
      result += '$'
      at = dollar + 2
    } else if (next === '{') {
      const end = closingBrace(text, dollar + 2)
      if (end < 0) throw malformed(text, path)
      result += evaluate(text.slice(dollar + 2, end), variables, { text, path })
      at = end + 1
    } else if (nameFirst.test(next)) {
      const [name = ''] = wholeName.exec(text.slice(dollar + 1)) ?? []
      result += valueOf(name, variables)
      at = dollar + 1 + name.length
    } else throw malformed(text, path)
  }
  return result
}

interface Place {
  readonly text: string
  readonly path: string
}

function evaluate(inner: string, variables: Variables, { text, path }: Place): string {
  const [name = ''] = wholeName.exec(inner) ?? []
  const rest = inner.slice(name.length)
  if (name === '') throw malformed(text, path)
  if (rest === '') return valueOf(name, variables)
  const [, colon = '', operator, word = ''] = /^(:?)([-?+])([\s\S]*)$/.exec(rest) ?? []
  if (operator === undefined) throw malformed(text, path)
  const value = variables.get(name)
  const isThere = value !== undefined && (colon === '' || value !== '')
  if (operator === '+') return isThere ? interpolate(word, variables, path) : ''
  if (isThere) return value
  if (operator === '-') return interpolate(word, variables, path)
  const why = interpolate(word, variables, path)
  throw new OperationError(
    'INVALID_ARGUMENT',
    `required variable ${name} is missing a value: ${why === '' ? 'it is not set' : why}`,
    { field: path },
    { exitCode: 1, hint: `Set ${name} in the environment or in the .env file` },
  )
}

function valueOf(name: string, variables: Variables): string {
  const value = variables.get(name)
  if (value === undefined) variables.onUnset(name)
  return value ?? ''
}

/** Where the brace that was opened before `from` is closed; -1: nowhere. */
function closingBrace(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) {
      depth++
      at++
    } else if (text[at] === '}' && --depth === 0) return at
  }
  return -1
}

function malformed(text: string, path: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `invalid interpolation format for ${path}: ${JSON.stringify(text)}`,
    {},
    { exitCode: 1, hint: 'Write a dollar that is meant as one twice: $$' },
  )
}
