import { lstatSync, readdirSync } from 'node:fs'
import { findDifference } from './compare-files.ts'

export interface TreeDifference {
  /** Within the tree, one character per byte; empty for its root. */
  readonly path: string
  /** "missing", "added", or what differs. */
  readonly what: string
}

/**
 * Where `actual` is not what `expected` is: modes, owners, times, attributes and content. Folders
 * that nobody else writes to.
 */
export function* compareTrees(expected: string, actual: string): Generator<TreeDifference> {
  yield* compareNode(Buffer.from(expected), Buffer.from(actual), '')
}

function* compareNode(expected: Buffer, actual: Buffer, path: string): Generator<TreeDifference> {
  const status = lstatSync(expected, { bigint: true })
  const found = lstatSync(actual, { bigint: true, throwIfNoEntry: false })
  if (!found) return yield { path, what: 'missing' }
  const one = { path: expected, status }
  const what = findDifference(one, { path: actual, status: found }, true)
  if (what !== undefined) yield { path, what }
  if (!status.isDirectory() || !found.isDirectory()) return undefined
  if (status.mtimeNs !== found.mtimeNs && what === undefined) yield { path, what: 'time' }
  const names = readdirSync(expected, 'latin1').toSorted()
  for (const name of names)
    yield* compareNode(childPath(expected, name), childPath(actual, name), `${path}/${name}`)
  const known = new Set(names)
  for (const name of readdirSync(actual, 'latin1'))
    if (!known.has(name)) yield { path: `${path}/${name}`, what: 'added' }
}

function childPath(folder: Buffer, name: string): Buffer {
  return Buffer.concat([folder, Buffer.from(`/${name}`, 'latin1')])
}
