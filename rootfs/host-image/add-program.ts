import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseElf } from './elf.ts'
import { type FileTree, addHostFileAs, addHostPath } from './file-tree.ts'
import { builtInFolders, findLibrary } from './find-library.ts'

export interface Collection {
  readonly tree: FileTree
  readonly configured: readonly string[]
  /** Files whose needs are known already. */
  readonly done: Set<string>
  /** Libraries and interpreters that could not be found. */
  readonly missing: Set<string>
  /** Whether a path of the host shall stay out, and with a module all that only it loads. */
  readonly isExcluded: (path: string) => boolean
  /** Whether a library sits where the loader only looks with its cache. */
  needsLoaderCache: boolean
}

/** Folders searched for programs, as a login shell of root has them. */
export const programFolders = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
]

/**
 * Add a program or library of the host with everything it loads: libraries, the loader, and
 * for a script its interpreter.
 *
 * @returns its path behind all symlinks, or undefined where it is not there or not readable
 */
export function addProgram(collection: Collection, path: string): string | undefined {
  if (collection.isExcluded(path)) return undefined
  const real = addHostPath(collection.tree, path)
  if (real === undefined || collection.tree.get(real)?.kind !== 'file') return undefined
  if (collection.done.has(real)) return real
  const content = readOrUndefined(real)
  if (content === undefined) collection.tree.delete(real)
  else addNeeds(collection, real, content)
  return content && real
}

/**
 * The same with another place in the image. For programs that find what belongs to them by their own path it is the wrong one.
 *
 * @returns the path on the host behind all symlinks, or undefined where there is no file to read
 */
export function addProgramAs(
  collection: Collection,
  path: string,
  place: string,
): string | undefined {
  const real = addHostFileAs(collection.tree, path, place)
  if (real === undefined) return undefined
  const content = readOrUndefined(real)
  if (content === undefined) return undefined
  addNeeds(collection, real, content)
  return real
}

function readOrUndefined(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

function addNeeds(collection: Collection, real: string, content: Buffer): void {
  collection.done.add(real)
  if (content[0] === 0x23 && content[1] === 0x21) addInterpreter(collection, content)
  else addLibraries(collection, real, content)
}

function addLibraries(collection: Collection, real: string, content: Buffer): void {
  const elf = parseElf(content)
  if (!elf) return
  if (elf.interpreter !== undefined) addRequired(collection, elf.interpreter)
  for (const name of elf.needed) {
    const path = findLibrary(name, elf, dirname(real), collection)
    if (path === undefined) {
      collection.missing.add(name)
      continue
    }
    if (collection.isExcluded(path)) continue
    const isConfigured = collection.configured.includes(dirname(path))
    if (isConfigured && !builtInFolders.includes(dirname(path))) collection.needsLoaderCache = true
    addProgram(collection, path)
  }
}

function addRequired(collection: Collection, path: string): void {
  if (addProgram(collection, path) === undefined) collection.missing.add(path)
}

/** "#!/usr/bin/env [-S] python3 …" needs both env and python3. */
function addInterpreter(collection: Collection, content: Buffer): void {
  const end = content.indexOf(0x0a)
  const line = content.toString('latin1', 2, end === -1 ? Math.min(content.length, 256) : end)
  const [interpreter = '', ...rest] = line.trim().split(/\s+/)
  if (interpreter === '') return
  addRequired(collection, interpreter)
  if (!interpreter.endsWith('/env')) return
  const program = rest.find((word) => !word.startsWith('-') && !word.includes('='))
  if (program !== undefined && findProgram(collection, program) === undefined)
    collection.missing.add(program)
}

/** Add the program of this name from the first folder that has it; returns the path found. */
export function findProgram(collection: Collection, name: string): string | undefined {
  if (name.includes('/')) return addProgram(collection, name) === undefined ? undefined : name
  for (const folder of programFolders) {
    const path = join(folder, name)
    if (addProgram(collection, path) !== undefined) return path
  }
  return undefined
}
