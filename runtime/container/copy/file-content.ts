import { type BigIntStats, openSync, readSync } from 'node:fs'
import { openFlags } from '../../../native/file.ts'
import { dataStretches } from '../../../rootfs/layer/data-stretches.ts'
import { type SparseChunk, maxSparseChunks } from '../../../rootfs/layer/sparse-map.ts'
import type { EntrySink } from './entry-sink.ts'

/** What a file held when it was looked at. */
export interface FileContent {
  /** Open for reading; the caller closes it. */
  readonly file: number
  readonly size: number
  /** Bytes without the holes. */
  readonly storedSize: number
  /** Where they are; undefined for a file without holes. */
  readonly sparse: readonly SparseChunk[] | undefined
}

/** Open a file anew from a descriptor of it (`O_PATH`). */
export function openContent(place: number, { size, blocks }: BigIntStats): FileContent {
  const file = openSync(`/proc/self/fd/${place}`, openFlags.nonBlock | openFlags.noCtty)
  const sparse =
    blocks * 512n < size ? dataStretches(file, Number(size), maxSparseChunks) : undefined
  const storedSize = sparse?.reduce((sum, stretch) => sum + stretch.size, 0) ?? Number(size)
  return { file, size: Number(size), storedSize, sparse }
}

/** Give the stored bytes to `sink`, by way of `piece`. */
export function giveContent(content: FileContent, piece: Buffer, sink: EntrySink): void {
  const { file, size, sparse = [{ offset: 0, size }] } = content
  for (const stretch of sparse) giveStretch(file, stretch, piece, sink)
}

/** Exactly so many bytes, whatever becomes of the file meanwhile. */
function giveStretch(
  file: number,
  { offset, size }: SparseChunk,
  piece: Buffer,
  sink: EntrySink,
): void {
  for (let at = 0; at < size;) {
    const wanted = Math.min(piece.length, size - at)
    const count = readSync(file, piece, 0, wanted, offset + at)
    if (count === 0) piece.fill(0, 0, wanted)
    const length = count === 0 ? wanted : count
    sink.data(piece.subarray(0, length))
    at += length
  }
}
