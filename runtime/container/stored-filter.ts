import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { distFolder } from '../../native/paths.ts'
import type { CompiledSeccomp } from '../security/seccomp/compile.ts'
import type { Seccomp } from '../spec/seccomp.ts'
import { readJsonIfPresent, writeFileDurably } from './durable-file.ts'
import type { EngineFolders } from './folders.ts'

// Results of compiling the built-in seccomp profile, kept beside the containers. They are as
// trustworthy as the records there: only the owner of the state can write them.

export interface StoredFilter {
  readonly seccomp: Seccomp
  readonly compiled: CompiledSeccomp
}

interface FilterFile {
  /** What it was computed from; another profile or another build is not taken for it. */
  readonly key: string
  readonly seccomp: Seccomp
  readonly filter: string
  readonly flags: number
  readonly instructions: number
}

/** A stored result for `key`, if this very build stored one. */
export function readStoredFilter(folders: EngineFolders, key: string): StoredFilter | undefined {
  const build = buildTime()
  if (build === undefined) return undefined
  const file = readJsonIfPresent(filterPath(folders, key)) as FilterFile | undefined
  if (file?.key !== `${build} ${key}`) return undefined
  const { seccomp, filter, flags, instructions } = file
  const compiled = {
    filter: Buffer.from(filter, 'base64'),
    flags,
    instructions,
    hasListener: false,
  }
  return { seccomp, compiled }
}

export function storeFilter(
  folders: EngineFolders,
  key: string,
  { seccomp, compiled }: StoredFilter,
): void {
  const build = buildTime()
  if (build === undefined || compiled.hasListener) return
  const file: FilterFile = {
    key: `${build} ${key}`,
    seccomp,
    filter: Buffer.from(compiled.filter).toString('base64'),
    flags: compiled.flags,
    instructions: compiled.instructions,
  }
  mkdirSync(join(folders.dataDir, 'cache'), { recursive: true, mode: 0o700 })
  writeFileDurably(filterPath(folders, key), JSON.stringify(file), false)
}

/** A name of fixed length for a key; the file itself holds the key in full (FNV-1a). */
function filterPath({ dataDir }: EngineFolders, key: string): string {
  let hash = 0x811c9dc5
  for (let at = 0; at < key.length; at++)
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) >>> 0
  return join(dataDir, 'cache', `seccomp-${hash.toString(16)}.json`)
}

/** When this program was built, ms; undefined where it runs from source. */
function buildTime(): number | undefined {
  return statSync(join(distFolder, 'mycontainer.bundle.cjs'), { throwIfNoEntry: false })?.mtimeMs
}
