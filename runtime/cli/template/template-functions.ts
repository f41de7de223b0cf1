import { templateError } from './template-error.ts'

export type TemplateFunction = (...args: readonly unknown[]) => unknown

/** Go's idea of true: not zero, not empty, not nil. */
export function isTruthy(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (isObject(value)) return Object.keys(value).length > 0
  return Boolean(value)
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As Go prints with %v: lists in brackets, maps as `map[k:v]` in the order of their keys. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return '<no value>'
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`
  if (isObject(value)) {
    const keys = Object.keys(value).toSorted()
    return `map[${keys.map((key) => `${key}:${show(value[key])}`).join(' ')}]`
  }
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The functions of text/template and those that docker adds; made when a template needs one. */
export function templateFunctions(): Readonly<Record<string, TemplateFunction>> {
  return {
    json: (value) => JSON.stringify(value ?? null),
    join: (list, separator = '') => strings(list).join(show(separator)),
    split: (text, separator) => show(text).split(show(separator)),
    upper: (text) => show(text).toUpperCase(),
    lower: (text) => show(text).toLowerCase(),
    title: (text) => show(text).replaceAll(/\b\w/g, (letter) => letter.toUpperCase()),
    pad: (text, before, after) =>
      ' '.repeat(Number(before)) + show(text) + ' '.repeat(Number(after)),
    truncate: (text, length) => show(text).slice(0, Number(length)),
    len: size,
    index,
    slice: (value, from = 0, to = size(value)) => slice(value, Number(from), Number(to)),
    print: (...values) => values.map(show).join(' '),
    println: (...values) => `${values.map(show).join(' ')}\n`,
    printf,
    not: (value) => !isTruthy(value),
    and: (...values) => values.find((value) => !isTruthy(value)) ?? values.at(-1),
    or: (...values) => values.find(isTruthy) ?? values.at(-1),
    eq: (first, ...others) => others.some((other) => isSame(first, other)),
    ne: (first, second) => !isSame(first, second),
    lt: (a, b) => compare(a, b) < 0,
    le: (a, b) => compare(a, b) <= 0,
    gt: (a, b) => compare(a, b) > 0,
    ge: (a, b) => compare(a, b) >= 0,
    html: (text) =>
      show(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
    js: (text) => JSON.stringify(show(text)).slice(1, -1),
  }
}

function strings(list: unknown): string[] {
  return Array.isArray(list) ? list.map(show) : [show(list)]
}

function size(value: unknown): number {
  if (typeof value === 'string') return new TextEncoder().encode(value).length
  if (Array.isArray(value)) return value.length
  if (isObject(value)) return Object.keys(value).length
  throw templateError(`len of ${show(value)}`)
}

function index(value: unknown, ...keys: readonly unknown[]): unknown {
  return keys.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) {
      const list: readonly unknown[] = at
      if (typeof key === 'number' && key >= 0 && key < list.length) return list[key]
      throw templateError(`error calling index: index out of range: ${show(key)}`)
    }
    // A missing key of a map is its zero value in Go, not a mistake.
    if (isObject(at)) return Object.hasOwn(at, show(key)) ? at[show(key)] : ''
    throw templateError("error calling index: can't index this value")
  }, value)
}

function slice(value: unknown, from: number, to: number): unknown {
  if (typeof value === 'string' || Array.isArray(value)) return value.slice(from, to)
  throw templateError("error calling slice: can't slice this value")
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || show(a) === show(b)
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return show(a) < show(b) ? -1 : Number(show(a) > show(b))
}

function printf(format: unknown, ...values: readonly unknown[]): string {
  const rest = [...values]
  return show(format).replaceAll(
    /%(-?)(\d*)(?:\.(\d+))?([sdvqtfx%])/g,
    (_, left: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '%') return '%'
      const text = formatOne(verb, rest.shift(), precision)
      return left === '-' ? text.padEnd(Number(width)) : text.padStart(Number(width))
    },
  )
}

function formatOne(verb: string, value: unknown, precision: string | undefined): string {
  switch (verb) {
    case 'q':
      return JSON.stringify(show(value))
    case 'd':
      return typeof value === 'number' ? String(Math.trunc(value)) : show(value)
    case 'f':
      return Number(value).toFixed(Number(precision ?? 6))
    case 'x':
      return Number(value).toString(16)
    default:
      return precision === undefined ? show(value) : show(value).slice(0, Number(precision))
  }
}
