import { seekData, seekHole } from '../../../native/file.ts'
import { type SparseChunk, maxSparseChunks } from '../../../rootfs/layer/sparse-map.ts'

/**
 * Where a file has data, by lseek(2) `SEEK_DATA` and `SEEK_HOLE`.
 *
 * @param size as fstat gave it; what is beyond does not count
 * @returns undefined where the file system cannot say, or the file is in too many pieces
 */
export function dataStretches(file: number, size: number): SparseChunk[] | undefined {
  const stretches: SparseChunk[] = []
  for (let at = 0; at < size;) {
    const data = seekData(file, at)
    if (data === -6) return stretches // ENXIO: only a hole is left.
    if (data < 0 || stretches.length >= maxSparseChunks) return undefined
    if (data >= size) return stretches
    const hole = seekHole(file, data)
    if (hole <= data) return undefined
    const end = Math.min(hole, size)
    stretches.push({ offset: data, size: end - data })
    at = end
  }
  return stretches
}
