import { setField } from '../api/set-field.ts'
import type { Json, JsonObject } from '../api/object.ts'
import { badRequest } from '../api/status-error.ts'
import { deepest, requireShallow } from './require-shallow.ts'

/** What is sent is bounded before it is read; what its aliases unfold to is not. */
const mostCharacters = 8 * 1024 * 1024

/** YAML as kubectl reads it (1.1: `yes` is true), with a bound on what aliases can unfold to. @throws StatusError 400 */
export async function parseYaml(text: string): Promise<unknown> {
  // A JSON body is YAML too, and most are: the parser is not loaded for them.
  if (text.trimStart().startsWith('{')) {
    const value = parseAsJson(text)
    requireShallow(value)
    if (value !== undefined) return value
  }
  const { parse } = await import('yaml')
  let value: unknown
  try {
    value = parse(text, {
      version: '1.1',
      maxAliasCount: 100,
      schema: 'yaml-1.1',
      // The parser compares each key with all before it; of two the last counts, as in JSON.
      uniqueKeys: false,
      // What it warns of would go to our log.
      logLevel: 'error',
    })
  } catch (error) {
    throw badRequest(
      `error converting YAML to JSON: ${error instanceof Error ? error.message : 'no YAML'}`,
    )
  }
  return unfold(value)
}

/** @returns nothing for flow style YAML, which begins the same way */
function parseAsJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A value in which nothing is twice the same object, or in itself, and nothing is what JSON has not. */
function unfold(value: unknown): Json {
  let left = mostCharacters
  const walk = (one: unknown, depth: number): Json => {
    if (depth > deepest) throw badRequest('the body is nested too deep')
    left -= typeof one === 'string' ? one.length + 1 : 1
    if (left < 0) throw badRequest('the body unfolds to too much')
    if (typeof one === 'string' || typeof one === 'boolean' || typeof one === 'number') return one
    if (typeof one === 'bigint') return Number(one)
    if (Array.isArray(one)) return one.map((item) => walk(item, depth + 1))
    if (one instanceof Date) return Number.isNaN(one.getTime()) ? null : one.toISOString()
    if (one instanceof Uint8Array) return Buffer.from(one).toString('base64')
    if (typeof one !== 'object' || one === null) return null
    const entries =
      one instanceof Map
        ? [...one].map(([key, entry]) => [String(key), entry] as const)
        : one instanceof Set
          ? [...one].map((key) => [String(key), null] as const)
          : Object.entries(one)
    const object: JsonObject = {}
    for (const [key, entry] of entries) {
      left -= key.length
      setField(object, key, walk(entry, depth + 1))
    }
    return object
  }
  return walk(value, 0)
}
