import { readdirSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { requireSuccess } from '../../native/ffi/library.ts'
import { changeOwnerAt, closeFile, currentFolder, openAt, openFlags } from '../../native/file.ts'
import { rawPath } from '../../rootfs/layer/folder-cache.ts'
import { hostIdOf } from './file-view/map-id.ts'
import { fromRaw } from '../../native/raw-text.ts'
import type { ContainerOptions, IdMap } from './options.ts'
import type { ResolvedMount } from './record.ts'

/**
 * `-v …:U`: give the source of a mount, and all in it, to the container's user. Symbolic links are
 * changed themselves and lead nowhere.
 *
 * @throws {OperationError} `UNSUPPORTED` where the user's id on the host is not known yet
 */
export function chownSources(
  options: ContainerOptions,
  mounts: readonly ResolvedMount[],
  user: { readonly uid: number; readonly gid: number },
): void {
  const wanted = new Set(
    options.mounts.flatMap(({ chown, destination }) => (chown ? [destination] : [])),
  )
  for (const { destination, source, type } of mounts) {
    if (!wanted.has(destination) || source === '') continue
    // A volume is mapped when it is mounted, so its files have the container's own ids.
    const owner = type === 'volume' ? user : hostOwner(options, user, destination)
    chownTree(currentFolder, Buffer.from(source).toString('latin1'), owner)
  }
}

function hostOwner(
  { namespaces: { user: mode, uidMaps, gidMaps } }: ContainerOptions,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  destination: string,
): { uid: number; gid: number } {
  const isChosenLater = uidMaps.length === 0 && gidMaps.length === 0 && mode.kind !== 'host'
  if (isChosenLater)
    throw new OperationError(
      'UNSUPPORTED',
      'chown the source of a mount (U)',
      { destination },
      { hint: 'The ids of this user namespace are chosen at the start; use idmap instead of U' },
    )
  return {
    uid: hostIdOf((uidMaps.length > 0 ? uidMaps : gidMaps).map(row), uid) ?? uid,
    gid: hostIdOf((gidMaps.length > 0 ? gidMaps : uidMaps).map(row), gid) ?? gid,
  }
}

function row({ containerId, hostId, size }: IdMap) {
  return { containerID: containerId, hostID: hostId, size }
}

function chownTree(folder: number, name: string, owner: { uid: number; gid: number }): void {
  const changed = changeOwnerAt(folder, rawPath(name), owner.uid, owner.gid)
  requireSuccess(changed, 'set an owner', { path: fromRaw(name), ...owner })
  const opened = openAt(folder, rawPath(name), openFlags.directory | openFlags.noFollow)
  if (opened < 0) return // No folder.
  try {
    for (const child of readdirSync(`/proc/self/fd/${opened}`, 'latin1'))
      chownTree(opened, child, owner)
  } finally {
    closeFile(opened)
  }
}
