import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseElf } from './elf.ts'
import { type FileTree, addHostPath } from './file-tree.ts'
import { builtInFolders, findLibrary } from './find-library.ts'

export interface Collection {
  readonly tree: FileTree
  readonly configured: readonly string[]
  /** Files whose needs are known already. */
  readonly done: Set<string>
  /** Libraries and interpreters that could not be found. */
  readonly missing: Set<string>
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
  const real = addHostPath(collection.tree, path)
  if (real === undefined || collection.tree.get(real)?.kind !== 'file') return undefined
  if (collection.done.has(real)) return real
  let content: Buffer
  try {
    content = readFileSync(real)
  } catch {
    collection.tree.delete(real)
    return undefined
  }
  collection.done.add(real)
  if (content[0] === 0x23 && content[1] === 0x21) addInterpreter(collection, content)
  else addLibraries(collection, real, content)
  return real
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
