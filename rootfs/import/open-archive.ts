import { randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { writeAll } from '../../native/write-all.ts'
import { decompress, unpackLimits, detectCompression } from '../layer/decompress.ts'
import { readPieces, readStart } from '../store/blob-source.ts'
import { type StoreFolders, makeStoreFolders } from '../store/store-folders.ts'

const pieceSize = 1024 * 1024

/** Open a file for reading; "-" is standard input. @throws {OperationError} `NOT_FOUND`, … */
export function openInput(path: string): number {
  if (path === '-') return 0
  try {
    return openSync(path, 'r')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    throw new OperationError(code === 'ENOENT' ? 'NOT_FOUND' : 'INVALID_ARGUMENT', 'open a file', {
      path,
      errno: code,
    })
  }
}

/**
 * The input as a file one can seek in: copied to a nameless temporary file where it is a pipe.
 *
 * @returns a descriptor that the caller closes; it may be `input` itself
 */
export function seekable(folders: StoreFolders, input: number, isRegular: boolean): number {
  if (isRegular) return input
  return spool(folders, readAll(input))
}

/** As `seekable`, and decompressed where the whole archive is compressed. */
export async function plainArchive(
  folders: StoreFolders,
  file: number,
  size: number,
): Promise<number> {
  const source = { descriptor: file, offset: 0, size }
  const compression = detectCompression(readStart(source, 4))
  if (compression === 'none') return file
  const target = openTemporary(folders)
  try {
    for await (const piece of decompress(readPieces(source), compression, unpackLimits()))
      writeAll(target, piece)
  } catch (error) {
    closeSync(target)
    throw error
  }
  closeSync(file)
  return target
}

function spool(folders: StoreFolders, pieces: Iterable<Buffer>): number {
  const target = openTemporary(folders)
  for (const piece of pieces) writeAll(target, piece)
  return target
}

/** A file without a name: nothing is left over, however we end. */
function openTemporary(folders: StoreFolders): number {
  makeStoreFolders(folders)
  const path = join(folders.temporary, `archive-${randomUUID()}`)
  const descriptor = openSync(path, 'wx+', 0o600)
  rmSync(path)
  return descriptor
}

function* readAll(input: number): Generator<Buffer> {
  for (;;) {
    const piece = Buffer.allocUnsafeSlow(pieceSize)
    const count = readSome(input, piece)
    if (count === 0) return
    yield piece.subarray(0, count)
  }
}

/** Standard input may be in non-blocking mode: another process shares it. */
function readSome(input: number, piece: Buffer): number {
  for (;;) {
    try {
      return readSync(input, piece, 0, piece.length, null)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}
