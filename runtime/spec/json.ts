// JSON without its three traps: integers above 2^53 that lose digits, keys that reach
// a prototype, and input made to exhaust the stack.

import { OperationError } from '../../native/error.ts'
import type { ErrorCode } from '../../native/error.ts'

export interface ParseJsonOptions {
  /** What is being read, for the error message. Default `JSON`. */
  readonly what?: string
  /** Error code of a refusal. Default `INVALID_SPEC`. */
  readonly code?: ErrorCode
  /** Longest text, in UTF-16 units. Default 64 MiB. */
  readonly maxLength?: number
  /** Deepest nesting of objects and arrays. Default 128. */
  readonly maxDepth?: number
  /** What to do about a refusal. */
  readonly hint?: string
}

/** Third argument of a reviver: the text a primitive value was read from (Node 21 and later). */
interface ReviverContext {
  readonly source?: string
}

/**
 * Read JSON. Integers that a number cannot hold become bigints. Of two equal keys the last
 * one counts, as in `JSON.parse` and in Go. A `__proto__` key is refused: no honest document
 * has one, and a later spread or assignment would reach the prototype.
 *
 * @throws {OperationError} with `options.code`: not JSON, too long, too deep, or such a key
 */
export function parseJson(text: string, options: ParseJsonOptions = {}): unknown {
  const {
    what = 'JSON',
    code = 'INVALID_SPEC',
    maxLength = 64 * 1024 * 1024,
    maxDepth = 128,
    hint,
  } = options
  const refuse = (reason: string): OperationError =>
    new OperationError(code, `read ${what}`, { reason }, { hint })
  if (text.length > maxLength) throw refuse(`longer than ${maxLength} characters`)
  const tooDeep = (): OperationError => refuse(`nested deeper than ${maxDepth} levels`)
  try {
    // A reviver makes parsing several times slower, and recurses; most documents need none.
    if (needsReviver(text)) {
      if (depthExceeds(text, maxDepth)) throw tooDeep()
      return JSON.parse(text, revive)
    }
    const value: unknown = JSON.parse(text)
    if (isDeeper(value, maxDepth)) throw tooDeep()
    return value
  } catch (error) {
    if (error instanceof OperationError) throw error
    if (error instanceof ForbiddenKey) throw refuse('has a key named __proto__')
    throw refuse(error instanceof Error ? error.message : String(error))
  }
}

/**
 * Write JSON, bigints as plain integers. `undefined` members are left out.
 * @param indent spaces per level; absent: one line
 */
export function stringifyJson(value: unknown, indent?: number): string {
  try {
    // A replacer makes writing several times slower; most documents need none.
    return JSON.stringify(value, undefined, indent)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return stringifyBigints(value, indent)
  }
}

function stringifyBigints(value: unknown, indent: number | undefined): string {
  return JSON.stringify(
    value,
    (_key, member: unknown) => (typeof member === 'bigint' ? rawJson(String(member)) : member),
    indent,
  )
}

// TypeScript's library does not declare it yet.
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (this: void, text: string) => unknown }

class ForbiddenKey extends Error {}

// The smallest unsafe integer has 16 digits; an escape could hide the forbidden key.
const needsReviver = (text: string): boolean => /\d{16}|__proto__|\\u/.test(text)

function revive(key: string, value: unknown, context?: ReviverContext): unknown {
  if (key === '__proto__') throw new ForbiddenKey()
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  return /^-?\d+$/.test(source) ? BigInt(source) : value
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** The same of a value, which is looked through faster than its text. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const member of Object.values(value)) if (isDeeper(member, levels - 1)) return true
  return false
}

/** Whether brackets nest deeper than `max`. Looks at structure only: JSON.parse judges the rest. */
function depthExceeds(text: string, max: number): boolean {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === QUOTE) at = endOfString(text, at)
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > max) return true
    } else if (unit === 0x7d || unit === 0x5d) depth--
  }
  return false
}

/** Index of the quote that closes the string opened at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let end = start; ;) {
    end = text.indexOf('"', end + 1)
    if (end === -1) return text.length
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return end
  }
}
