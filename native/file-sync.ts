import { declareSyscall } from './ffi/library.ts'

// Getting data to disk. Results are the kernel's, or -errno.

const syncfs = declareSyscall('syncfs', ['int'])
const syncFileRange = declareSyscall('sync_file_range', ['int', 'long', 'long', 'uint'])

const beginWriting = 2

/** syncfs(2): everything of the file system that `file` is on. It blocks the thread until the disk has it. */
export function syncFileSystem(file: number): number {
  return Number(syncfs(file))
}

/**
 * sync_file_range(2) with `SYNC_FILE_RANGE_WRITE`: have the kernel begin to write, without waiting, so
 * that a later fsync(2) finds little left to do. It makes nothing durable by itself.
 */
export function beginWriteback(file: number, offset: number, length: number): number {
  return Number(syncFileRange(file, offset, length, beginWriting))
}
