// From the spellings of a value to the one that is worked with.

import { OperationError } from '../../../native/error.ts'
import type { Texts, Variables, Words } from '../model/service.ts'
import { splitCommand } from './split-command.ts'

type Scalar = string | number | boolean

/** Leaves out what is undefined, so that "absent" is one thing. */
export function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const kept = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> }
}

export const toText = (value: Scalar | undefined): string | undefined =>
  value === undefined ? undefined : String(value)

export const toFlag = (value: boolean | string | undefined): boolean | undefined =>
  typeof value === 'string' ? value.toLowerCase() === 'true' : value

export const toNumber = (value: number | string | undefined): number | undefined =>
  value === undefined ? undefined : Number(value)

export const toWords = (
  value: string | number | readonly (string | number)[] | undefined,
): Words | undefined => {
  if (value === undefined) return undefined
  return (Array.isArray(value) ? value : [value]).map(String)
}

/** @throws {OperationError} `INVALID_ARGUMENT`: a quote is not closed */
export function toCommand(
  value: string | readonly (string | number)[] | null | undefined,
  field: string,
): Words | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') return value.map(String)
  const found = splitCommand(value)
  if (found) return found
  throw invalidField(field, 'a quote is never closed', value)
}

type Mapping = Readonly<Record<string, Scalar | null>>

/** `NAME` alone is null. */
export function toVariables(
  value: Mapping | readonly (string | number)[] | undefined,
): Variables | undefined {
  if (value === undefined) return undefined
  const entries = isList(value)
    ? value.map(String).map((line): [string, string | null] => {
        const equals = line.indexOf('=')
        return equals < 0 ? [line, null] : [line.slice(0, equals), line.slice(equals + 1)]
      })
    : Object.entries(value).map(([name, one]): [string, string | null] => [
        name,
        one === null ? null : String(one),
      ])
  return Object.fromEntries(entries)
}

export function toTexts(
  value: Mapping | readonly (string | number)[] | undefined,
): Texts | undefined {
  const variables = toVariables(value)
  if (!variables) return undefined
  return Object.fromEntries(Object.entries(variables).map(([name, one]) => [name, one ?? '']))
}

function isList(value: Mapping | readonly (string | number)[]): value is readonly string[] {
  return Array.isArray(value)
}

export function invalidField(field: string, why: string, found: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `${field}: ${why}: ${JSON.stringify(found.slice(0, 80))}`,
    {},
    { exitCode: 1 },
  )
}
