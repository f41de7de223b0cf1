import { fstatSync, ftruncateSync, readSync, writeSync } from 'node:fs'
import { errnoName } from '../../native/errno.ts'
import { OperationError } from '../../native/error.ts'
import { seekData, seekHole } from '../../native/file.ts'
import { sendFile } from '../../native/send-file.ts'

const pieceSize = 64 * 1024 * 1024
const bufferSize = 1024 * 1024
const EINVAL = 22
const ENOSYS = 38
const blockSize = 512

/**
 * Copy the content of an open file to a new, empty one. Holes stay holes.
 *
 * @throws {OperationError} `SYSCALL_FAILED`, e.g. ENOSPC
 */
export function copyData(from: number, to: number): void {
  const { size, blocks } = fstatSync(from)
  if (blocks * blockSize < size && copyStretches(from, to, size)) return
  copyBytes(from, to)
}

function copyBytes(from: number, to: number): void {
  for (;;) {
    const moved = sendFile(to, from, pieceSize)
    if (moved === 0) return
    // Some file systems of user space cannot be spliced.
    if (moved === -EINVAL || moved === -ENOSYS) return copyThroughBuffer(from, to)
    if (moved < 0) throw failed(moved)
  }
}

function copyThroughBuffer(from: number, to: number): void {
  const buffer = Buffer.allocUnsafeSlow(bufferSize)
  for (;;) {
    const count = readSync(from, buffer)
    if (count === 0) return
    for (let at = 0; at < count;) at += writeSync(to, buffer, at, count - at)
  }
}

/** @returns false where the file system does not tell holes */
function copyStretches(from: number, to: number, size: number): boolean {
  const buffer = Buffer.allocUnsafeSlow(bufferSize)
  for (let at = 0; at < size;) {
    const start = seekData(from, at)
    if (start < 0) break // ENXIO: no data follows
    const end = seekHole(from, start)
    if (end < 0) return false
    for (let position = start; position < end;) {
      const count = readSync(from, buffer, 0, Math.min(bufferSize, end - position), position)
      if (count === 0) break
      for (let done = 0; done < count;)
        done += writeSync(to, buffer, done, count - done, position + done)
      position += count
    }
    at = end
  }
  ftruncateSync(to, size)
  return true
}

function failed(result: number): OperationError {
  return new OperationError('SYSCALL_FAILED', 'copy a file', { errno: errnoName(-result) })
}
