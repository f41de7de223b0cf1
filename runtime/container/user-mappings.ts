import { OperationError } from '../../native/error.ts'
import type { IdMapping } from '../spec/config.ts'
import type { EngineFolders } from './folders.ts'
import type { ContainerOptions, IdMap } from './options.ts'
import { rangeSize, takeUserRange } from './user-range.ts'

export interface UserMappings {
  readonly uid: readonly IdMapping[]
  readonly gid: readonly IdMapping[]
  /** File to unlink when a --rm container has ended, which gives the range back. */
  readonly lease: string | undefined
}

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
  const { first, file } = takeUserRange(folders, id)
  const mapping = { containerID: 0, hostID: first, size: rangeSize }
  return { uid: [mapping], gid: [mapping], lease: options.rm ? file : undefined }
}

function row({ containerId, hostId, size }: IdMap): IdMapping {
  return { containerID: containerId, hostID: hostId, size }
}
