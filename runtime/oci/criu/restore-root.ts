import { closeSync, constants, existsSync, mkdirSync, openSync, rmdirSync } from 'node:fs'
import { requireSuccess } from '../../../native/ffi/library.ts'
import { attachMount, cloneMount, unmountLazily } from '../../../native/mount-tree.ts'
import type { StateFolder } from '../state-folder.ts'

/**
 * CRIU builds the tree of a container upon a mount, and copies that into the container's mount namespace. It shares what is
 * mounted with the same others as the root itself: a container that was a slave of them becomes one again.
 *
 * @returns where it is
 * @throws {OperationError} `SYSCALL_FAILED`
 */
export function mountRoot({ mounted: path }: StateFolder, rootfs: string): string {
  mkdirSync(path, { mode: 0o700 })
  const source = openSync(rootfs, constants.O_RDONLY | constants.O_DIRECTORY)
  const target = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  let clone = -1
  try {
    clone = requireSuccess(cloneMount(source), 'copy the mount of the root', { rootfs })
    requireSuccess(attachMount(clone, target), 'mount the root', { rootfs, path })
    return path
  } finally {
    for (const descriptor of [source, target, clone]) if (descriptor >= 0) closeSync(descriptor)
  }
}

/** The container has a copy of its own by then. */
export function unmountRoot({ mounted: path }: StateFolder): void {
  if (!existsSync(path)) return
  unmountLazily(path)
  rmdirSync(path)
}
