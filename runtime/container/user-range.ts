import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { claimFile, listNames, readIfPresent } from '../network/network-files.ts'
import type { EngineFolders } from './folders.ts'

// Ranges of host ids for containers with `--userns auto`. A container keeps its range as long as it exists, over every
// start: what it has written belongs to those ids.

/** Ids of one automatic range: as many as a 16-bit id space has. */
export const rangeSize = 65_536
/** Below are ranges that distributions give to users (subuid(5) begins at 100 000). */
const firstRange = 16_384
const rangeCount = 16_384

/** One file for each range that is taken; it holds the container's id. */
function rangesFolder({ dataDir }: EngineFolders): string {
  return join(dataDir, 'user-ranges')
}

export interface UserRange {
  /** First id on the host. */
  readonly first: number
  /** File that says whose it is. */
  readonly file: string
}

/** The range of a container, taken where it has none yet. @throws {OperationError} `UNSUPPORTED` when all are taken */
export function takeUserRange(folders: EngineFolders, id: string): UserRange {
  const folder = rangesFolder(folders)
  const own = filesOf(folders, id)[0]
  if (own !== undefined) return rangeAt(folder, own)
  for (let range = 0; range < rangeCount; range++)
    if (claimFile(join(folder, String(range)), id)) return rangeAt(folder, String(range))
  throw new OperationError('UNSUPPORTED', 'find a free range of user ids', { ranges: rangeCount })
}

function rangeAt(folder: string, name: string): UserRange {
  return { first: (firstRange + Number(name)) * rangeSize, file: join(folder, name) }
}

/** The container is removed: its range is free. */
export function releaseUserRange(folders: EngineFolders, id: string): void {
  for (const name of filesOf(folders, id)) unlinkIfPresent(join(rangesFolder(folders), name))
}

/** Take back ranges of containers that are gone. */
export function sweepUserRanges(folders: EngineFolders, exists: (id: string) => boolean): void {
  for (const name of listNames(rangesFolder(folders))) {
    const path = join(rangesFolder(folders), name)
    const id = readIfPresent(path)
    if (id !== undefined && !exists(id)) unlinkIfPresent(path)
  }
}

function filesOf(folders: EngineFolders, id: string): string[] {
  const folder = rangesFolder(folders)
  return listNames(folder).filter((name) => readIfPresent(join(folder, name)) === id)
}
