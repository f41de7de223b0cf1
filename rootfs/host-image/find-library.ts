import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ElfDependencies, elfArchitecture } from './elf.ts'

const loaderFolders = ['/lib', '/usr/lib', '/lib64', '/usr/lib64']
const multiarch = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'

/** Folders that the loader searches without its cache. */
export const builtInFolders: readonly string[] = [
  `/lib/${multiarch}`,
  `/usr/lib/${multiarch}`,
  ...loaderFolders,
]

/** Folders of /etc/ld.so.conf and what it includes. */
export function configuredFolders(file = '/etc/ld.so.conf', depth = 0): string[] {
  if (depth > 8) return []
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => {
    const [word = '', argument = ''] = line.replace(/#.*/, '').trim().split(/\s+/)
    if (word !== 'include') return word.startsWith('/') ? [word] : []
    return expand(argument).flatMap((path) => configuredFolders(path, depth + 1))
  })
}

/** The only pattern that ld.so.conf has in practice: a star in the last part. */
function expand(pattern: string): string[] {
  const folder = dirname(pattern)
  const [before = '', after = ''] = pattern.slice(folder.length + 1).split('*')
  if (!pattern.includes('*')) return [pattern]
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .toSorted()
    .map((name) => join(folder, name))
}

export interface LibrarySearch {
  /** Folders of the loader's configuration. */
  readonly configured: readonly string[]
}

/**
 * Path of a library that `user` needs, in the order that ld.so(8) has: RPATH, RUNPATH, the
 * configured folders (what its cache is made of), the built-in ones.
 *
 * @param origin folder of the file that needs it
 */
export function findLibrary(
  name: string,
  user: ElfDependencies,
  origin: string,
  search: LibrarySearch,
): string | undefined {
  if (name.includes('/')) return existsSync(name) ? name : undefined
  const own = [...(user.runpath.length === 0 ? user.rpath : []), ...user.runpath].map((path) =>
    path.replaceAll(/\$\{?ORIGIN\}?/g, origin).replaceAll(/\$\{?LIB\}?/g, `lib/${multiarch}`),
  )
  for (const folder of [...own, ...search.configured, ...builtInFolders]) {
    const path = join(folder, name)
    if (isUsable(path, user.architecture)) return path
  }
  return undefined
}

/** Same class and machine; the loader passes over others, so that both kinds may share a folder. */
function isUsable(path: string, architecture: string): boolean {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch {
    return false
  }
  try {
    const start = Buffer.alloc(64)
    readSync(descriptor, start, 0, start.length, 0)
    return elfArchitecture(start) === architecture
  } finally {
    closeSync(descriptor)
  }
}
