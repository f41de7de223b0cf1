import { OperationError } from '../../native/error.ts'
import { errnoName } from '../../native/errno.ts'
import { isStorageErrno, storageFailure } from './storage-failure.ts'
import { closeFile, openAt2, openFlags, resolveFlags } from '../../native/file.ts'

const maxOpenFolders = 512

/** Descriptors of folders below one root, opened so that no symlink can lead out of it. */
export interface FolderCache {
  /** Descriptor of the folder (owned by the cache), or -errno. */
  open(path: string): number
  /** Forget everything: a folder or symlink was replaced. */
  clear(): void
}

/** Bytes of a one-character-per-byte path, NUL-terminated. */
export function rawPath(path: string): Buffer {
  return Buffer.from(`${path}\0`, 'latin1')
}

export function createFolderCache(root: number): FolderCache {
  const folders = new Map<string, number>()
  const clear = (): void => {
    for (const folder of folders.values()) closeFile(folder)
    folders.clear()
  }
  const evictOldest = (): void => {
    for (const [path, folder] of folders) {
      closeFile(folder)
      folders.delete(path)
      return
    }
  }
  return {
    open(path) {
      if (path === '') return root
      const known = folders.get(path)
      if (known !== undefined) return known
      const folder = openAt2(root, rawPath(path), {
        flags: openFlags.path | openFlags.directory,
        resolve: resolveFlags.inRoot | resolveFlags.noMagicLinks,
      })
      if (folder < 0) return folder
      if (folders.size >= maxOpenFolders) evictOldest()
      folders.set(path, folder)
      return folder
    },
    clear,
  }
}

/** The error of a layer entry that the kernel refused. */
export function writeError(step: string, path: string, errno: number): OperationError {
  const name = errnoName(errno)
  if (isStorageErrno(name)) return storageFailure(step, name)
  return new OperationError('INVALID_IMAGE', step, {
    path: JSON.stringify(Buffer.from(path, 'latin1').toString()),
    errno: name,
  })
}
