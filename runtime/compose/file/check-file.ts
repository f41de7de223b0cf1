import type * as z from 'zod/mini'
import { OperationError } from '../../../native/error.ts'
import { nearest } from '../../cli/nearest.ts'
import { describeFound, formatPath } from '../../spec/problem.ts'
import { fileSchema } from './file-schema.ts'
import type { WrittenFile } from './file-schema.ts'
import type { YamlFile } from './read-yaml.ts'
import { serviceSchema } from './service-schema.ts'

type Keys = readonly PropertyKey[]

/**
 * A file, its tags of merging taken out and its variables filled in, as its schema reads it.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`: every wrong field, a line each, with its place in the file
 */
export function checkFile(file: YamlFile, value: unknown): WrittenFile {
  const result = fileSchema().safeParse(value)
  if (result.success) return result.data
  const problems = result.error.issues.flatMap((issue) => tell(issue, [], value))
  const told = problems.map(({ keys, what }) => `${file.path}:${file.lineOf(keys)}: ${what}`)
  throw new OperationError(
    'INVALID_ARGUMENT',
    `read the compose file: ${[...new Set(told)].join('\n  ')}`,
    {},
    { exitCode: 1 },
  )
}

interface Problem {
  readonly keys: Keys
  readonly what: string
}

function tell(issue: z.core.$ZodIssue, before: Keys, root: unknown): Problem[] {
  const keys = [...before, ...issue.path]
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ keys: [...keys, key], what: unknownField(keys, key) }))
  // The spelling that came nearest says more than "none of them".
  const inner = issue.code === 'invalid_union' ? nearestSpelling(issue.errors) : undefined
  if (inner) return inner.flatMap((one) => tell(one, keys, root))
  const found = keys.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  )
  return [
    {
      keys,
      what: `${formatPath(keys)}: expected ${expected(issue)}, found ${describeFound(found)}`,
    },
  ]
}

/** Of several spellings, the one that is wrong only further in. */
function nearestSpelling(
  spellings: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  return spellings.find((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  )
}

function expected(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`
  if (issue.code !== 'invalid_type') return issue.message
  if (issue.expected === 'record' || issue.expected === 'object') return 'a mapping'
  return issue.expected === 'array' ? 'a list' : `a ${issue.expected}`
}

function unknownField(keys: Keys, key: string): string {
  const isService = keys.length === 2 && keys[0] === 'services'
  const known = isService ? serviceSchema().shape : keys.length === 0 ? fileSchema().shape : {}
  const near = nearest(key, Object.keys(known))
  const advice = near === undefined ? '' : `; did you mean ${near}?`
  return `${formatPath([...keys, key])}: there is no such field${advice}`
}
