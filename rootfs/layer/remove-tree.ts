import { readdirSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { errnoName } from '../../native/errno.ts'
import {
  type PathName,
  atFlags,
  changeMode,
  closeFile,
  openAt,
  openFlags,
  unlinkAt,
} from '../../native/file.ts'

const ENOENT = 2
const EISDIR = 21
const EPERM = 1

/** Remove a name and all below it, through descriptors, never following a symlink. */
export function removeTreeAt(folder: number, name: PathName): void {
  const result = unlinkAt(folder, name)
  if (result === 0 || result === -ENOENT) return
  if (result !== -EISDIR && result !== -EPERM) throw failed(result)
  const opened = openAt(folder, name, openFlags.directory | openFlags.noFollow)
  if (opened < 0) throw failed(opened)
  try {
    changeMode(opened, 0o700)
    for (const child of readdirSync(`/proc/self/fd/${opened}`, 'buffer'))
      removeTreeAt(opened, Buffer.concat([child, Buffer.of(0)]))
  } finally {
    closeFile(opened)
  }
  const removed = unlinkAt(folder, name, atFlags.removeDir)
  if (removed < 0) throw failed(removed)
}

function failed(errno: number): OperationError {
  return new OperationError('SYSCALL_FAILED', 'remove a file', { errno: errnoName(errno) })
}
