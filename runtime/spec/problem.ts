// From "this value is wrong" to one error that names every wrong field, its path, what
// it expects and what was found.

import type * as z from 'zod/mini'
import { OperationError } from '../../native/error.ts'

/** One wrong field of a document. */
export interface Problem {
  /** From the root: `linux.resources.cpu.quota`, `mounts[2].destination`. */
  readonly path: string
  /** What the field must be, as the end of the sentence "expected …". */
  readonly expected: string
  /** What was there, shortened, or `nothing`. */
  readonly found: string
}

/** Collects what one check finds wrong. `found` is left out where the expectation says it all. */
export type Report = (path: string, expected: string, found?: unknown) => void

/** One rule about what well-shaped fields mean together. */
export type Check<T> = (value: T, report: Report) => void

/** What the checks, in order, say about a value of the right shape. */
export function checkProblems<T>(checks: readonly Check<T>[], value: T): readonly Problem[] {
  const problems: Problem[] = []
  const report: Report = (path, expected, found) =>
    problems.push({ path, expected, found: found === undefined ? '' : describeFound(found) })
  for (const check of checks) check(value, report)
  return problems
}

/**
 * The value as its schema reads it: unknown keys left out, and members that are null, which
 * is how Go programs write "absent".
 *
 * @throws {OperationError} `INVALID_SPEC` with every problem in `detail.fields`
 */
export function requireValid<T>(
  value: unknown,
  schema: z.ZodMiniType<T>,
  checks: readonly Check<T>[],
  step: string,
  hint?: string,
): T {
  const present = withoutNulls(value)
  const result = schema.safeParse(present)
  const problems = result.success
    ? checkProblems(checks, result.data)
    : result.error.issues.flatMap((issue) => fromIssue(issue, [], present))
  if (result.success && problems.length === 0) return result.data
  const fields = problems.map(formatProblem).join('; ')
  throw new OperationError('INVALID_SPEC', step, { problems: problems.length, fields }, { hint })
}

/** `process.cwd: expected an absolute path, found "tmp"` */
export function formatProblem({ path, expected, found }: Problem): string {
  return `${path}: expected ${expected}${found === '' ? '' : `, found ${found}`}`
}

/** `['linux', 'devices', 0, 'path']` as `linux.devices[0].path`. */
export function formatPath(keys: readonly PropertyKey[]): string {
  if (keys.length === 0) return '(the document)'
  return keys.reduce<string>((path, key) => {
    if (typeof key === 'number') return `${path}[${key}]`
    const name = String(key)
    // Map keys such as `net.ipv4.ip_forward` hold dots of their own.
    if (!/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`
    return path === '' ? name : `${path}.${name}`
  }, '')
}

/** A value as a person recognises it, at most some 60 characters. */
export function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

function fromIssue(
  issue: z.core.$ZodIssue,
  prefix: readonly PropertyKey[],
  root: unknown,
): readonly Problem[] {
  const keys = [...prefix, ...issue.path]
  const found = describeFound(valueAt(root, keys))
  if (issue.code === 'invalid_key')
    return issue.issues.flatMap((inner) => fromIssue(inner, keys, root))
  return [{ path: formatPath(keys), expected: expectation(issue), found }]
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected
    case 'invalid_value':
      return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
    case 'too_small':
      return `at least ${issue.minimum} ${issue.origin === 'array' ? 'item' : 'character'}`
    default:
      return issue.message
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a string',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
}

function valueAt(root: unknown, keys: readonly PropertyKey[]): unknown {
  let at = root
  for (const key of keys) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<PropertyKey, unknown>)[key]
  }
  return at
}

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutNulls)
  const present = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(present.map(([key, member]) => [key, withoutNulls(member)]))
}
