import { readdirSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { requireSuccess } from '../../native/ffi/library.ts'
import { closeFile, currentFolder, openAt, openFlags } from '../../native/file.ts'
import { fromRaw, toRaw } from '../../native/raw-text.ts'
import { setAttributeOfDescriptor } from '../../native/xattr.ts'
import { rawPath } from '../../rootfs/layer/folder-cache.ts'
import type { ContainerFolder } from './container-folder.ts'
import type { ContainerOptions } from './options.ts'
import type { ResolvedMount } from './record.ts'

/** Folders that a label of containers would break the host in. */
const ofTheHost = /^\/(?:|bin|boot|dev|etc|home|lib\w*|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)$/

/**
 * Give the files that a labelled container uses its SELinux label: those that the engine makes for it, its volumes, and
 * the binds that say so (`z` for all containers, `Z` for this one).
 *
 * @param label `linux.mountLabel`
 * @throws {OperationError} `INVALID_ARGUMENT` for a folder that the host itself lives on
 */
export function labelFiles(
  folder: ContainerFolder,
  options: ContainerOptions,
  mounts: readonly ResolvedMount[],
  label: string,
): void {
  // What is made in the folder of state, streams and all, takes its type from it.
  for (const path of [folder.state, folder.hostname, folder.hosts, folder.resolvConf])
    labelTree(currentFolder, toRaw(path), label)
  const shared = label.split(':').slice(0, 3).concat('s0').join(':')
  for (const { type, source, destination } of mounts) {
    const wish = options.mounts.find((one) => one.destination === destination)?.relabel
    if (type === 'tmpfs' || (wish === undefined && type !== 'volume')) continue
    if (ofTheHost.test(source))
      throw new OperationError(
        'INVALID_ARGUMENT',
        `label ${source} for a container (z, Z)`,
        { destination },
        { hint: 'The host itself lives there and would lose its own labels: mount less of it' },
      )
    labelTree(currentFolder, toRaw(source), wish === 'private' ? label : shared)
  }
}

/** Symbolic links get the label themselves and lead nowhere. */
function labelTree(folder: number, name: string, label: string): void {
  const flags = openFlags.path | openFlags.noFollow
  const file = openAt(folder, rawPath(name), flags)
  if (file < 0) return // Gone meanwhile, or not wanted: no hosts file.
  try {
    const set = setAttributeOfDescriptor(file, 'security.selinux', Buffer.from(`${label}\0`))
    requireSuccess(set, 'set an SELinux label', { path: fromRaw(name), label })
    const inside = openAt(file, rawPath('.'), openFlags.directory | openFlags.noFollow)
    if (inside < 0) return // No folder.
    try {
      for (const child of readdirSync(`/proc/self/fd/${inside}`, 'latin1'))
        labelTree(inside, child, label)
    } finally {
      closeFile(inside)
    }
  } finally {
    closeFile(file)
  }
}
