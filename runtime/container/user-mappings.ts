import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import type { IdMapping } from '../spec/config.ts'
import type { EngineFolders } from './folders.ts'
import type { ContainerOptions, IdMap } from './options.ts'
import { isSystemError } from '../../native/system-error.ts'

export interface UserMappings {
  readonly uid: readonly IdMapping[]
  readonly gid: readonly IdMapping[]
  /** File to unlink when the container has ended, which gives the range back. */
  readonly lease: string | undefined
}

/** Ids of one automatic range: as many as a 16-bit id space has. */
const rangeSize = 65_536
/** Below are ranges that distributions give to users (subuid(5) begins at 100 000). */
const firstRange = 16_384
const rangeCount = 16_384

/**
 * The rows of a container's own user namespace; none where it keeps ours. `auto` and `private`
 * take a range of host ids that no other container has, so one that breaks out is nobody.
 *
 * @throws {OperationError} `UNSUPPORTED` for modes that need an ordinary user's own mapping
 */
export function userMappings(
  folders: EngineFolders,
  options: ContainerOptions,
  id: string,
  rootless: boolean,
): UserMappings {
  const { user, uidMaps, gidMaps } = options.namespaces
  if (uidMaps.length > 0 || gidMaps.length > 0) {
    const uid = (uidMaps.length > 0 ? uidMaps : gidMaps).map(row)
    return { uid, gid: (gidMaps.length > 0 ? gidMaps : uidMaps).map(row), lease: undefined }
  }
  if (user.kind === 'host' || user.kind === 'container' || user.kind === 'path')
    return { uid: [], gid: [], lease: undefined }
  if (user.kind === 'nomap' || user.kind === 'keep-id' || rootless)
    throw new OperationError(
      'UNSUPPORTED',
      `use --userns ${user.kind}`,
      {},
      {
        hint: rootless
          ? 'An ordinary user already runs in a user namespace; leave --userns out'
          : 'It maps an ordinary user to itself; root can take --userns auto',
      },
    )
  const { range, lease } = takeRange(folders, id)
  const mapping = { containerID: 0, hostID: (firstRange + range) * rangeSize, size: rangeSize }
  return { uid: [mapping], gid: [mapping], lease }
}

function row({ containerId, hostId, size }: IdMap): IdMapping {
  return { containerID: containerId, hostID: hostId, size }
}

function takeRange(folders: EngineFolders, id: string): { range: number; lease: string } {
  const folder = join(folders.runDir, 'user-ranges')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (let range = 0; range < rangeCount; range++) {
    const lease = join(folder, String(range))
    try {
      const file = openSync(lease, 'wx', 0o600)
      writeSync(file, id)
      closeSync(file)
      return { range, lease }
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error
    }
  }
  throw new OperationError('UNSUPPORTED', 'find a free range of user ids', { ranges: rangeCount })
}
