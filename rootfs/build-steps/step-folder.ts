import { randomUUID } from 'node:crypto'
import { chmodSync, chownSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { currentFolder, setTimesAt } from '../../native/file.ts'
import type { Lease } from '../store/lease.ts'
import { removeFolder } from '../store/remove-folder.ts'
import { fileTime } from './read-source.ts'

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
  likeRootBelow(upper, layersBelow)
  const discard = (): void => {
    removeFolder(path)
    removeFolder(work)
  }
  return { path, upper, work, layersBelow, discard }
}

/** The upper folder's own owner, mode and time are those of `/`. */
function likeRootBelow(upper: string, layersBelow: readonly string[]): void {
  const top = layersBelow.at(-1)
  const status = top === undefined ? undefined : lstatSync(top, { bigint: true })
  if (status) chownSync(upper, Number(status.uid), Number(status.gid))
  chmodSync(upper, status ? Number(status.mode & 0o7777n) : 0o755)
  const time = status ? fileTime(status.mtimeNs) : { seconds: 0, nanoseconds: 0 }
  setTimesAt(currentFolder, upper, time, time)
}
