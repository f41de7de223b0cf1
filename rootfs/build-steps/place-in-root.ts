import { fstatSync } from 'node:fs'
import { errnoName } from '../../native/errno.ts'
import { OperationError } from '../../native/error.ts'
import { closeFile, openAt, openFlags, readLinkAt } from '../../native/file.ts'
import { rawPath } from '../layer/folder-cache.ts'
import { fromRaw } from '../../native/raw-text.ts'

const ENOENT = 2
const maxLinks = 40

export interface PlaceInRoot {
  /** Without symbolic links, "." and ".."; no leading slash; "" is the root. One character per byte. */
  readonly path: string
  readonly kind: 'directory' | 'other' | 'missing'
  /** How many names of the path exist. */
  readonly existing: number
}

/**
 * Where a path leads for a process whose root is `root`: each symbolic link, absolute ones too, is
 * read as text and walked inside the root. What does not exist yet counts as folders to be made.
 *
 * @param path one character per byte
 * @throws {OperationError} `INVALID_ARGUMENT` where a file stands on the way, or links go in circles
 */
export function placeInRoot(root: number, path: string): PlaceInRoot {
  // The kernel would take what comes before it for the whole path.
  if (path.includes('\0')) throw failed(path.replaceAll('\0', '\\0'), 'EINVAL')
  const names: string[] = []
  const opened: number[] = []
  let pending = path.split('/')
  let missing = 0
  let kind: PlaceInRoot['kind'] = 'directory'
  let links = 0
  const leave = (): void => {
    names.pop()
    if (missing > 0) missing--
    else closeFile(opened.pop() ?? -1)
    kind = missing > 0 ? 'missing' : 'directory'
  }
  try {
    while (pending.length > 0) {
      const name = pending.shift() ?? ''
      if (name === '' || name === '.') continue
      if (kind === 'other') throw failed(path, 'ENOTDIR')
      if (name === '..') {
        if (names.length > 0) leave()
        continue
      }
      const file = missing > 0 ? -ENOENT : openName(opened.at(-1) ?? root, name)
      if (file === -ENOENT) {
        missing++
        kind = 'missing'
        names.push(name)
        continue
      }
      if (file < 0) throw failed(path, errnoName(-file))
      const status = fstatSync(file)
      if (status.isSymbolicLink()) {
        const target = readLinkAt(file, '')
        closeFile(file)
        if (typeof target === 'number') throw failed(path, errnoName(-target))
        if (++links > maxLinks) throw failed(path, 'ELOOP')
        const text = target.toString('latin1')
        if (text.startsWith('/')) while (names.length > 0) leave()
        pending = [...text.split('/'), ...pending]
        continue
      }
      opened.push(file)
      names.push(name)
      kind = status.isDirectory() ? 'directory' : 'other'
    }
    return { path: names.join('/'), kind, existing: names.length - missing }
  } finally {
    for (const file of opened) closeFile(file)
  }
}

function openName(folder: number, name: string): number {
  return openAt(folder, rawPath(name), openFlags.path | openFlags.noFollow)
}

function failed(path: string, errno: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    `look up ${fromRaw(path)}`,
    { errno },
    errno === 'ENOTDIR' ? { hint: 'Something on the way is a file and no folder' } : {},
  )
}
