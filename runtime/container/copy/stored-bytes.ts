import { ftruncateSync, writeSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import type { TarEntry } from '../../../rootfs/layer/tar-entry.ts'

/** A file that an entry's bytes are written to as they come. */
export interface StoredFile {
  readonly descriptor: number
  readonly entry: TarEntry
  chunk: number
  inChunk: number
}

export function openStored(descriptor: number, entry: TarEntry): StoredFile {
  return { descriptor, entry, chunk: 0, inChunk: 0 }
}

/** Stored bytes to where they belong; holes are jumped over. */
export function writeStored(file: StoredFile, chunk: Buffer): void {
  const { sparse } = file.entry
  if (!sparse) return writeAll(file.descriptor, chunk, null)
  for (let at = 0; at < chunk.length;) {
    const stretch = sparse[file.chunk]
    if (!stretch) throw new OperationError('INVALID_IMAGE', 'write a sparse file')
    const size = Math.min(stretch.size - file.inChunk, chunk.length - at)
    if (size > 0)
      writeAll(file.descriptor, chunk.subarray(at, at + size), stretch.offset + file.inChunk)
    at += size
    file.inChunk += size
    if (file.inChunk < stretch.size) continue
    file.chunk++
    file.inChunk = 0
  }
}

function writeAll(descriptor: number, chunk: Buffer, position: number | null): void {
  for (let at = 0; at < chunk.length;)
    at += writeSync(
      descriptor,
      chunk,
      at,
      chunk.length - at,
      position === null ? null : position + at,
    )
}

/** After the last byte: a hole at the end has its length too. */
export function endStored({ descriptor, entry }: StoredFile): void {
  if (entry.sparse) ftruncateSync(descriptor, entry.size)
}
