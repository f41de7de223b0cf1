import { existsSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { lockSync } from '../../native/lock.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { containerFolder, removedFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import { isSystemError } from '../../native/system-error.ts'

// One symbolic link per name, pointing at the id: making it is the atomic claim, whatever number
// of commands run at once, and it needs no lock. Taking a link away does: between the look at whose it is
// and its removal it could become another's. (A monitor removes the name of its --rm container without:
// as long as that container's folder is there, the name is nobody else's.)

/** Folder of the names. */
export function namesFolder(folders: EngineFolders): string {
  return join(folders.dataDir, 'names')
}

function namePath(folders: EngineFolders, name: string): string {
  return join(namesFolder(folders), name)
}

/** The id that holds `name`, whether or not that container still exists. */
export function findName(folders: EngineFolders, name: string): string | undefined {
  // Whatever a user asks for: what no file can be named is the name of nothing.
  if (!/^[\w.-]{1,255}$/.test(name)) return undefined
  try {
    return readlinkSync(namePath(folders, name))
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'EINVAL')) return undefined
    throw error
  }
}

/**
 * Claim `name` for `id`. A name whose container is gone is taken over.
 *
 * @param isBeingMade whether an id without a folder belongs to a container that is just being made
 * @throws {OperationError} `ALREADY_EXISTS` naming the holder
 */
export function claimName(
  folders: EngineFolders,
  name: string,
  id: string,
  isBeingMade: (id: string) => boolean,
): void {
  const path = namePath(folders, name)
  for (;;) {
    try {
      symlinkSync(id, path)
      return
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) {
        mkdirSync(namesFolder(folders), { recursive: true, mode: 0o700 })
        continue
      }
      if (!isSystemError(error, 'EEXIST')) throw error
    }
    const holder = findName(folders, name)
    if (holder === undefined) continue
    // In this order: what is being made may be there a moment later.
    if (isBeingMade(holder) || mayHoldName(folders, holder))
      throw new OperationError(
        'ALREADY_EXISTS',
        `use the container name "${name}"`,
        { holder: holder.slice(0, 12) },
        { hint: `Remove or rename that container, or choose another name` },
      )
    releaseName(folders, name, holder)
  }
}

/** Take back names of containers that are gone; whoever wants such a name could take it over too. */
export function sweepNames(folders: EngineFolders, isBeingMade: (id: string) => boolean): void {
  for (const name of namesIn(namesFolder(folders))) {
    const holder = findName(folders, name)
    if (holder === undefined || isBeingMade(holder)) continue
    if (!mayHoldName(folders, holder)) releaseName(folders, name, holder)
  }
}

/** One that is being removed still gives its name back itself, and must not find another's then. */
function mayHoldName(folders: EngineFolders, id: string): boolean {
  return existsSync(containerFolder(folders, id).path) || existsSync(removedFolder(folders, id))
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

/** Give the name back, if `id` still holds it. */
export function releaseName(folders: EngineFolders, name: string, id: string): void {
  if (findName(folders, name) !== id) return
  using _held = lockSync(`${namesFolder(folders)}.lock`)
  if (findName(folders, name) === id) unlinkIfPresent(namePath(folders, name))
}
