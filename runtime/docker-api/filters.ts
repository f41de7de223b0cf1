import { OperationError } from '../../native/error.ts'
import { type Filter, labelMatches } from '../cli/output/filter-containers.ts'
import { objectOf } from './json-fields.ts'

/**
 * The `filters` of a query: `{"label": ["a=b"]}`, or `{"label": {"a=b": true}}` of older clients.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function readFilters(query: URLSearchParams): Filter[] {
  const text = query.get('filters')
  if (text === null || text === '') return []
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new OperationError('INVALID_ARGUMENT', 'read filters', {}, { cause })
  }
  return Object.entries(objectOf(value, 'filters')).flatMap(([name, values]) => {
    const list = Array.isArray(values) ? values : Object.keys(objectOf(values, name))
    return list.map((each) => ({ name, value: String(each) }))
  })
}

/** @throws {OperationError} `INVALID_ARGUMENT` for one that the endpoint does not know */
export function requireFilters(filters: readonly Filter[], known: readonly string[]): Filter[] {
  const unknown = filters.find(({ name }) => !known.includes(name))
  if (unknown) throw new OperationError('INVALID_ARGUMENT', `invalid filter '${unknown.name}'`)
  return [...filters]
}

/** The values of one name. */
export function valuesOf(filters: readonly Filter[], name: string): string[] {
  return filters.filter((filter) => filter.name === name).map(({ value }) => value)
}

/** Whether one of the values holds, or none was asked for. */
export function anyOf(
  filters: readonly Filter[],
  name: string,
  test: (value: string) => boolean,
): boolean {
  const values = valuesOf(filters, name)
  return values.length === 0 || values.some(test)
}

/** Whether all `label` hold and no `label!` does. */
export function labelsMatch(
  filters: readonly Filter[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    valuesOf(filters, 'label').every((value) => labelMatches(labels, value)) &&
    !valuesOf(filters, 'label!').some((value) => labelMatches(labels, value))
  )
}

export function isTrue(value: string | null): boolean {
  return value !== null && ['1', 'true', 'True', 't'].includes(value)
}

/** Seconds since 1970 with a fraction, or a date. @returns milliseconds; undefined where there is none */
export function timeOf(value: string | null | undefined): number | undefined {
  if (value === null || value === undefined || value === '' || value === '0') return undefined
  const seconds = Number(value)
  const time = Number.isNaN(seconds) ? Date.parse(value) : seconds * 1000
  if (!Number.isNaN(time)) return time
  throw new OperationError('INVALID_ARGUMENT', 'read a time', { value })
}
