import { seekData, seekHole } from '../../native/file.ts'
import type { SparseChunk } from './sparse-map.ts'

const ENXIO = 6 // Only a hole is left.

/**
 * Where a file has data, by lseek(2) `SEEK_DATA` and `SEEK_HOLE`.
 *
 * @param size as fstat(2) gave it; what is beyond does not count
 * @param most stretches that are worth telling
 * @returns undefined where the file system cannot say, or there are more
 */
export function dataStretches(file: number, size: number, most: number): SparseChunk[] | undefined {
  const stretches: SparseChunk[] = []
  for (let at = 0; at < size;) {
    const data = seekData(file, at)
    if (data === -ENXIO || data >= size) break
    if (data < 0 || stretches.length >= most) return undefined
    const hole = seekHole(file, data)
    if (hole <= data) return undefined
    at = Math.min(hole, size)
    stretches.push({ offset: data, size: at - data })
  }
  return stretches
}
