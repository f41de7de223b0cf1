import { mkdirSync, readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { containerFolder, removedFolder } from './container-folder.ts'
import type { EngineFolders } from './folders.ts'
import { isSystemError } from '../../native/system-error.ts'

// One symbolic link per name, pointing at the id: making it is the atomic claim, whatever number
// of commands run at once, and no lock is needed.

/** Folder of the names. */
export function namesFolder(folders: EngineFolders): string {
  return join(folders.dataDir, 'names')
}

function namePath(folders: EngineFolders, name: string): string {
  return join(namesFolder(folders), name)
}

/** The id that holds `name`, whether or not that container still exists. */
export function findName(folders: EngineFolders, name: string): string | undefined {
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
    if (mayHoldName(folders, holder) || isBeingMade(holder))
      throw new OperationError(
        'ALREADY_EXISTS',
        `use the container name "${name}"`,
        { holder: holder.slice(0, 12) },
        { hint: `Remove or rename that container, or choose another name` },
      )
    takeOver(path, holder, id)
  }
}

/** Take back names of containers that are gone; whoever wants such a name could take it over too. */
export function sweepNames(folders: EngineFolders, isBeingMade: (id: string) => boolean): void {
  for (const name of namesIn(namesFolder(folders))) {
    const holder = findName(folders, name)
    // In this order: what is being made may be there a moment later.
    if (holder === undefined || isBeingMade(holder)) continue
    if (!mayHoldName(folders, holder)) takeOver(namePath(folders, name), holder, holder)
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

/** Replace a link that points at a dead id; only one of several takers wins the rename. */
function takeOver(path: string, holder: string, id: string): void {
  const grave = `${path}~${id}`
  try {
    renameSync(path, grave)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return
    throw error
  }
  if (readlinkSync(grave) === holder) unlinkSync(grave)
  else renameSync(grave, path)
}

/** Give the name back, if `id` still holds it. */
export function releaseName(folders: EngineFolders, name: string, id: string): void {
  if (findName(folders, name) !== id) return
  try {
    unlinkSync(namePath(folders, name))
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error
  }
}
