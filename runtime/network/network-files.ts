import { isSystemError } from '../../native/system-error.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { NetworkFolders } from './network.ts'

// Where networks keep their files, and the one way to claim a name there.

export function networksFolder(folders: NetworkFolders): string {
  return join(folders.dataDir, 'networks')
}

export function networkFile(folders: NetworkFolders, name: string): string {
  return join(networksFolder(folders), `${name}.json`)
}

export function networkRunFolder(folders: NetworkFolders, name: string): string {
  return join(folders.runDir, 'networks', name)
}

export function addressLeasesFolder(folders: NetworkFolders, name: string): string {
  return join(networkRunFolder(folders, name), 'leases')
}

/** Records that the network's name server reads. */
export function nameRecordsFolder(folders: NetworkFolders, name: string): string {
  return join(networkRunFolder(folders, name), 'names')
}

export function portLeasesFolder(folders: NetworkFolders): string {
  return join(folders.runDir, 'ports')
}

let claims = 0

/**
 * Make a file with its content in one step, unless its name is taken: link(2) fails with EEXIST.
 *
 * @returns whether the name is ours
 */
export function claimFile(path: string, content: string): boolean {
  const temporary = join(dirname(path), `.claim-${process.pid}-${++claims}`)
  writeClaim(temporary, content)
  try {
    linkSync(temporary, path)
    return true
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false
    throw error
  } finally {
    unlinkSync(temporary)
  }
}

/** Take away what makers of claims in a folder left that were killed. */
export function sweepClaims(folder: string): void {
  for (const name of readNames(folder)) {
    const maker = /^\.(?:claim|move)-(\d+)/.exec(name)?.[1]
    if (maker !== undefined && !existsSync(`/proc/${maker}`)) unlinkIfPresent(join(folder, name))
  }
}

function writeClaim(path: string, content: string): void {
  try {
    writeFileSync(path, content, { mode: 0o600 })
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, content, { mode: 0o600 })
  }
}

/** Text of a file, or undefined where there is none. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Names in a folder without our temporary ones; none where there is no folder. */
export function listNames(folder: string): string[] {
  return readNames(folder).filter((name) => !name.startsWith('.'))
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
