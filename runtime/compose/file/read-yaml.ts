import { LineCounter, parseDocument } from 'yaml'
import type { Document, ScalarTag, CollectionTag } from 'yaml'
import { OperationError } from '../../../native/error.ts'
import { Overridden, Reset } from './merge-tag.ts'

/** One Compose file as data, and where each of its fields stands. */
export interface YamlFile {
  readonly path: string
  readonly value: unknown
  /** Line of a field, from 1; of its nearest parent where it is not there itself. */
  readonly lineOf: (keys: readonly PropertyKey[]) => number
}

/** Bombs of aliases grow a few lines to gigabytes. */
const maxAliasCount = 1000

/**
 * @param path for messages
 * @throws {OperationError} `INVALID_ARGUMENT` with the line of what is no YAML
 */
export function readYaml(path: string, text: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    customTags: [...tags('!reset', () => new Reset()), ...tags('!override', override)],
  })
  const [problem] = document.errors
  if (problem) {
    const line = lines.linePos(problem.pos[0]).line
    const [what = ''] = problem.message.split('\n')
    throw invalid(`${path}:${line}`, what.replace(/ at line .*$/, ''))
  }
  try {
    const value: unknown = document.toJS({ maxAliasCount })
    requireShallow(path, value, (keys) => lineOf(document, lines, keys))
    return { path, value, lineOf: (keys) => lineOf(document, lines, keys) }
  } catch (cause) {
    if (cause instanceof OperationError) throw cause
    throw invalid(path, (cause as Error).message)
  }
}

/** Deeper than any honest file; an alias inside of what it stands for has no end. */
const maxDepth = 60

function requireShallow(
  path: string,
  value: unknown,
  lineAt: YamlFile['lineOf'],
  keys: readonly string[] = [],
): void {
  if (typeof value !== 'object' || value === null) return
  if (keys.length > maxDepth)
    throw invalid(
      `${path}:${lineAt(keys)}`,
      `${keys.slice(0, 3).join('.')} is nested deeper than ${maxDepth} levels, or an alias there contains itself`,
    )
  for (const [key, member] of Object.entries(value))
    requireShallow(path, member, lineAt, [...keys, key])
}

function invalid(at: string, what: string): OperationError {
  return new OperationError('INVALID_ARGUMENT', `read ${at}: ${what}`, {}, { exitCode: 1 })
}

/** One tag on a scalar, a list and a mapping. */
function tags(tag: string, resolve: (value: unknown) => unknown): (ScalarTag | CollectionTag)[] {
  return [
    { tag, resolve: (text: string) => resolve(text) },
    { tag, collection: 'seq', resolve: (node) => resolve(node.toJSON()) },
    { tag, collection: 'map', resolve: (node) => resolve(node.toJSON()) },
  ]
}

function override(value: unknown): Overridden {
  return new Overridden(value)
}

function lineOf(document: Document, lines: LineCounter, keys: readonly PropertyKey[]): number {
  for (let length = keys.length; length > 0; length--) {
    const node = document.getIn(keys.slice(0, length), true)
    const range = (node as { range?: readonly number[] } | undefined)?.range
    if (range) return lines.linePos(range[0] ?? 0).line
  }
  return 1
}
