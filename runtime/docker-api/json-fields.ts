// Fields of JSON that a client sent: of the wrong type they are refused, null and absent are the same.

import { OperationError } from '../../native/error.ts'

export type JsonObject = Readonly<Record<string, unknown>>

function refuse(name: string, expected: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', `${name} must be ${expected}`, {}, { exitCode: 1 })
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

/** @throws {OperationError} `INVALID_ARGUMENT` */
export function objectOf(value: unknown, name: string): JsonObject {
  if (isAbsent(value)) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw refuse(name, 'an object')
  return value as JsonObject
}

export function objectField(from: JsonObject, name: string): JsonObject {
  return objectOf(from[name], name)
}

/** Empty text counts as absent, as docker has it. */
export function textField(from: JsonObject, name: string): string | undefined {
  const value = from[name]
  if (isAbsent(value) || value === '') return undefined
  if (typeof value !== 'string') throw refuse(name, 'text')
  return value
}

/** Zero counts as absent. */
export function numberField(from: JsonObject, name: string): number | undefined {
  const value = from[name]
  if (isAbsent(value) || value === 0) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refuse(name, 'a number')
  return value
}

export function booleanField(from: JsonObject, name: string): boolean {
  const value = from[name]
  if (isAbsent(value)) return false
  if (typeof value !== 'boolean') throw refuse(name, 'true or false')
  return value
}

export function listField(from: JsonObject, name: string): readonly unknown[] {
  const value = from[name]
  if (isAbsent(value)) return []
  if (!Array.isArray(value)) throw refuse(name, 'an array')
  return value
}

export function objectsField(from: JsonObject, name: string): JsonObject[] {
  return listField(from, name).map((value) => objectOf(value, name))
}

export function textsField(from: JsonObject, name: string): string[] {
  return listField(from, name).map((value) => {
    if (typeof value !== 'string') throw refuse(name, 'an array of texts')
    return value
  })
}

/** An array of words; one text is one word. @returns undefined where it is absent */
export function wordsField(from: JsonObject, name: string): string[] | undefined {
  const value = from[name]
  if (isAbsent(value)) return undefined
  return typeof value === 'string' ? [value] : textsField(from, name)
}

export function mapField(from: JsonObject, name: string): Record<string, string> {
  const entries = Object.entries(objectField(from, name)).map(([key, value]) => {
    if (!isAbsent(value) && typeof value !== 'string') throw refuse(`${name}.${key}`, 'text')
    return [key, value ?? ''] as const
  })
  return Object.fromEntries(entries)
}
