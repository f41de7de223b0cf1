import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { removeVolume } from '../volume/volume-store.ts'
import type { ContainerFolder } from './container-folder.ts'
import type { ContainerRecord } from './record.ts'

// Anonymous volumes that go with a container's folder, by name, one in each line of a file in it. It is looked at when
// the folder is one of a container that is being made or removed: whoever finds it abandoned knows what else there is.

/** Before a volume is made for a container that is being made itself. */
export function noteOwnVolume({ ownVolumes }: ContainerFolder, name: string): void {
  appendFileSync(ownVolumes, `${name}\n`, { mode: 0o600 })
}

/** Before a container's folder is put out of sight: whether its volumes go too. */
export function decideOwnVolumes(
  { ownVolumes }: ContainerFolder,
  { mounts }: ContainerRecord,
  go: boolean,
): void {
  const names = mounts.flatMap(({ anonymous, name }) => (anonymous && name ? [name] : []))
  if (go && names.length > 0) writeFileSync(ownVolumes, `${names.join('\n')}\n`, { mode: 0o600 })
  else unlinkIfPresent(ownVolumes)
}

/** Before such a folder is removed. Several commands may be at it at once. */
export function removeOwnVolumes(dataDir: string, { ownVolumes }: ContainerFolder): void {
  for (const name of readNames(ownVolumes))
    try {
      removeVolume(dataDir, name, [])
    } catch (error) {
      const isGone = error instanceof OperationError && error.code === 'NOT_FOUND'
      if (!isGone && !isSystemError(error, 'ENOENT')) throw error
    }
}

function readNames(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}
