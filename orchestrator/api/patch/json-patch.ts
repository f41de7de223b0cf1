import { clone, isObject, sameJson } from '../object.ts'
import type { Json } from '../object.ts'

/** Why a patch cannot be applied; `malformed` when no object would take it. */
export class PatchError extends Error {
  readonly malformed: boolean

  static {
    this.prototype.name = 'PatchError'
  }

  constructor(message: string, malformed = false) {
    super(message)
    this.malformed = malformed
  }
}

interface Operation {
  readonly op: string
  readonly path: string
  readonly from?: string
  readonly value?: Json
}

// Upstream's bound: a patch may not be a program.
const mostOperations = 10_000
// A document that copies itself doubles each time.
const mostCopiedCharacters = 8 * 1024 * 1024

/**
 * Apply a JSON patch; the document is not changed.
 * @throws PatchError
 * @see https://www.rfc-editor.org/rfc/rfc6902
 */
export function applyJsonPatch(document: Json, patch: Json): Json {
  const operations = parseOperations(patch)
  const root: { value: Json } = { value: clone(document) }
  let copied = 0
  for (const operation of operations) {
    if (operation.op === 'copy') {
      const value = readPointer(root.value, parsePointer(operation.from!))
      copied += JSON.stringify(value).length
      if (copied > mostCopiedCharacters) throw new PatchError('the patch copies too much', true)
    }
    applyOperation(root, operation)
  }
  return root.value
}

function parseOperations(patch: Json): Operation[] {
  if (!Array.isArray(patch)) throw new PatchError('a JSON patch is a list of operations', true)
  if (patch.length > mostOperations)
    throw new PatchError(
      `The allowed maximum operations in a JSON patch is ${mostOperations}, got ${patch.length}`,
      true,
    )
  return patch.map((entry) => {
    if (!isObject(entry) || typeof entry['op'] !== 'string' || typeof entry['path'] !== 'string')
      throw new PatchError('an operation has an op and a path', true)
    const { op, path, from, value } = entry
    if ((op === 'move' || op === 'copy') && typeof from !== 'string')
      throw new PatchError(`${op} has a from`, true)
    if ((op === 'add' || op === 'replace' || op === 'test') && value === undefined)
      throw new PatchError(`${op} has a value`, true)
    return { op, path, from, value } as Operation
  })
}

function applyOperation(root: { value: Json }, { op, path, from, value }: Operation): void {
  const target = parsePointer(path)
  switch (op) {
    case 'add':
      return writePointer(root, target, clone(value!), 'add')
    case 'replace':
      return writePointer(root, target, clone(value!), 'replace')
    case 'remove':
      removePointer(root, target)
      return
    case 'move': {
      if (path.startsWith(`${from}/`)) throw new PatchError('a value cannot move into itself')
      const moved = readPointer(root.value, parsePointer(from!))
      removePointer(root, parsePointer(from!))
      return writePointer(root, target, moved, 'add')
    }
    case 'copy':
      return writePointer(root, target, clone(readPointer(root.value, parsePointer(from!))), 'add')
    case 'test':
      if (!sameJson(readPointer(root.value, target), value))
        throw new PatchError(`testing value ${path} failed`)
      return
    default:
      throw new PatchError(`Unexpected kind: ${op}`, true)
  }
}

function parsePointer(text: string): string[] {
  if (text === '') return []
  if (!text.startsWith('/'))
    throw new PatchError(`${JSON.stringify(text)} is no JSON pointer`, true)
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function missing(path: readonly string[]): PatchError {
  return new PatchError(`doc is missing path: "/${path.join('/')}": missing value`)
}

function readPointer(root: Json, path: readonly string[]): Json {
  let at: Json = root
  for (const part of path) {
    const next: Json | undefined = Array.isArray(at)
      ? at[listIndex(at, part, false)]
      : isObject(at) && Object.hasOwn(at, part)
        ? at[part]
        : undefined
    if (next === undefined) throw missing(path)
    at = next
  }
  return at
}

function listIndex(list: readonly Json[], part: string, canAppend: boolean): number {
  if (canAppend && part === '-') return list.length
  const index = /^(0|[1-9]\d*)$/.test(part) ? Number(part) : -1
  if (index < 0 || index >= list.length + (canAppend ? 1 : 0))
    throw new PatchError(`index ${part} is out of bounds`)
  return index
}

function writePointer(
  root: { value: Json },
  path: readonly string[],
  value: Json,
  how: 'add' | 'replace',
): void {
  if (path.length === 0) {
    root.value = value
    return
  }
  const parent = readPointer(root.value, path.slice(0, -1))
  const last = path.at(-1)!
  if (Array.isArray(parent)) {
    const index = listIndex(parent, last, how === 'add')
    parent.splice(index, how === 'add' ? 0 : 1, value)
  } else if (isObject(parent)) {
    if (how === 'replace' && !Object.hasOwn(parent, last)) throw missing(path)
    Object.defineProperty(parent, last, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  } else throw missing(path)
}

function removePointer(root: { value: Json }, path: readonly string[]): void {
  if (path.length === 0) throw new PatchError('the whole document cannot be removed')
  const parent = readPointer(root.value, path.slice(0, -1))
  const last = path.at(-1)!
  if (Array.isArray(parent)) parent.splice(listIndex(parent, last, false), 1)
  else if (isObject(parent) && Object.hasOwn(parent, last)) delete parent[last]
  else throw missing(path)
}
