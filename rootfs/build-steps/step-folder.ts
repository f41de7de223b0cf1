import { randomUUID } from 'node:crypto'
import { chmodSync, chownSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { currentFolder, setTimesAt } from '../../native/file.ts'
import type { Lease } from '../store/lease.ts'
import { removeFolder } from '../store/remove-folder.ts'

/**
 * Where one step of a build writes what it changes: the upper folder of an overlay over the layers
 * below. It becomes a layer (`commitStep`), or is discarded.
 */
export interface StepFolder {
  /** Holds `upper`, as "fs", and nothing else. */
  readonly path: string
  readonly upper: string
  readonly work: string
  /** Absolute, lowest first; empty for `FROM scratch`. */
  readonly layersBelow: readonly string[]
  /** Harmless after a commit. */
  discard(): void
}

/** Make the folder of a step. What a killed build leaves goes with its lease. */
export function makeStepFolder(lease: Lease, layersBelow: readonly string[]): StepFolder {
  const name = randomUUID()
  const [path, work] = [join(lease.folder, `step-${name}`), join(lease.folder, `work-${name}`)]
  const upper = join(path, 'fs')
  mkdirSync(upper, { recursive: true, mode: 0o755 })
  mkdirSync(work)
  likeRootBelow({ upper, layersBelow })
  const discard = (): void => {
    removeFolder(path)
    removeFolder(work)
  }
  return { path, upper, work, layersBelow, discard }
}

/**
 * Give the upper folder itself the owner, mode and time that the root has below. A layer does not
 * tell its root: what a step changed about it would be there here, and nowhere else.
 */
export function likeRootBelow({
  upper,
  layersBelow,
}: Pick<StepFolder, 'upper' | 'layersBelow'>): void {
  const top = layersBelow.at(-1)
  const status = top === undefined ? undefined : lstatSync(top)
  chownSync(upper, status?.uid ?? 0, status?.gid ?? 0)
  chmodSync(upper, status ? status.mode & 0o7777 : 0o755)
  // In whole seconds, as the unpacking of a layer without its root does it.
  const time = { seconds: Math.floor((status?.mtimeMs ?? 0) / 1000), nanoseconds: 0 }
  setTimesAt(currentFolder, upper, time, time)
}
