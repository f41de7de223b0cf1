import { writeSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { TarEntry } from './tar-entry.ts'

/** A file of a layer that is being written. */
export interface OpenFile {
  readonly descriptor: number
  readonly path: string
  readonly entry: TarEntry
  written: number
  chunk: number
  inChunk: number
}

/** Write the next stored bytes; those of a sparse file where its map says. */
export function writeData(file: OpenFile, chunk: Buffer): void {
  const { sparse } = file.entry
  if (!sparse) {
    writeAll(file.descriptor, chunk, null)
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

function writeAll(descriptor: number, chunk: Buffer, position: number | null): void {
  let at = 0
  while (at < chunk.length) {
    const where = position === null ? null : position + at
    at += writeSync(descriptor, chunk, at, chunk.length - at, where)
  }
}
