import { randomUUID } from 'node:crypto'
import { chmodSync, chownSync, lstatSync, mkdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { removeFolder } from '../store/remove-folder.ts'
import type { StoreFolders } from '../store/store-folders.ts'

/**
 * Where one step of a build writes what it changes: the upper folder of an overlay over the layers
 * below. It becomes a layer (`commitStep`), or is discarded.
 */
export interface StepFolder {
  readonly path: string
  readonly upper: string
  readonly work: string
  /** Absolute, lowest first; empty for `FROM scratch`. */
  readonly layersBelow: readonly string[]
  /** Harmless after a commit. */
  discard(): void
}

/**
 * Make the folder of a step below the store's temporary one. The caller keeps content from being
 * removed meanwhile (`withAddition`); what a killed build leaves goes with the next removal.
 */
export function makeStepFolder(folders: StoreFolders, layersBelow: readonly string[]): StepFolder {
  const path = join(folders.temporary, `step-${randomUUID()}`)
  const [upper, work] = [join(path, 'fs'), join(path, 'work')]
  mkdirSync(upper, { recursive: true, mode: 0o755 })
  mkdirSync(work)
  likeRootBelow(upper, layersBelow)
  return { path, upper, work, layersBelow, discard: () => removeFolder(path) }
}

/** The upper folder's own owner, mode and time are those of `/`. */
function likeRootBelow(upper: string, layersBelow: readonly string[]): void {
  const top = layersBelow.at(-1)
  const status = top === undefined ? undefined : lstatSync(top)
  chmodSync(upper, status ? status.mode & 0o7777 : 0o755)
  if (!status) return utimesSync(upper, 0, 0)
  chownSync(upper, status.uid, status.gid)
  utimesSync(upper, status.atimeMs / 1000, status.mtimeMs / 1000)
}
