import { ftruncateSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { writeAll } from '../../native/write-all.ts'
import type { TarEntry } from './tar-entry.ts'

/** A file that an entry's bytes are written to as they come. */
export interface OpenFile {
  readonly descriptor: number
  readonly entry: TarEntry
  chunk: number
  inChunk: number
}

export function openData(descriptor: number, entry: TarEntry): OpenFile {
  return { descriptor, entry, chunk: 0, inChunk: 0 }
}

/** Write the next stored bytes; those of a sparse file where its map says. */
export function writeData(file: OpenFile, chunk: Buffer): void {
  const { sparse } = file.entry
  if (!sparse) {
    writeAll(file.descriptor, chunk)
    return
  }
  let at = 0
  while (at < chunk.length) {
    const stretch = sparse[file.chunk]
    if (!stretch) throw new OperationError('INVALID_IMAGE', 'write a sparse file')
    const size = Math.min(stretch.size - file.inChunk, chunk.length - at)
    if (size > 0)
      writeAll(file.descriptor, chunk.subarray(at, at + size), stretch.offset + file.inChunk)
    at += size
    file.inChunk += size
    if (file.inChunk === stretch.size) {
      file.chunk++
      file.inChunk = 0
    }
  }
}

/** After the last byte: a hole at the end has its length too. */
export function endData({ descriptor, entry }: OpenFile): void {
  if (entry.sparse) ftruncateSync(descriptor, entry.size)
}
