import { OperationError } from '../../native/error.ts'
import { parseNumber } from './tar-header.ts'

/** A stretch of a sparse file that the archive holds; what lies between is a hole. */
export interface SparseChunk {
  readonly offset: number
  readonly size: number
}

export const maxSparseChunks = 100_000

/** Chunks in a block of an old GNU sparse header: 4 in the header itself, 21 in an extension. */
export function gnuSparseChunks(block: Buffer, start: number, count: number): SparseChunk[] {
  const chunks: SparseChunk[] = []
  for (let at = start; chunks.length < count; at += 24) {
    if ((block[at] ?? 0) === 0 && (block[at + 12] ?? 0) === 0) break
    chunks.push({ offset: parseNumber(block, at, 12), size: parseNumber(block, at + 12, 12) })
  }
  return chunks
}

/** The map of PAX sparse 0.1: "offset,size,offset,size,…". */
export function parsePaxSparseMap(text: string): SparseChunk[] {
  const numbers = text.split(',')
  if (text === '') return []
  const chunks: SparseChunk[] = []
  for (let at = 0; at < numbers.length; at += 2)
    chunks.push({ offset: decimal(numbers[at]), size: decimal(numbers[at + 1]) })
  return chunks
}

/**
 * The map at the beginning of the data of PAX sparse 1.0: decimal lines, count first, then
 * offset and size of each chunk, padded to a block.
 *
 * @returns undefined where `data` does not hold the whole map yet
 */
export function parseSparseDataMap(
  data: Buffer,
): { chunks: SparseChunk[]; length: number } | undefined {
  let at = 0
  const next = (): number | undefined => {
    const end = data.indexOf(0x0a, at)
    if (end === -1) return undefined
    const number = decimal(data.toString('latin1', at, end))
    at = end + 1
    return number
  }
  const count = next()
  if (count === undefined) return undefined
  if (count > maxSparseChunks) throw malformed('too many chunks')
  const chunks: SparseChunk[] = []
  while (chunks.length < count) {
    const offset = next()
    const size = next()
    if (offset === undefined || size === undefined) return undefined
    chunks.push({ offset, size })
  }
  return { chunks, length: Math.ceil(at / 512) * 512 }
}

/** @throws {OperationError} `INVALID_IMAGE` where chunks overlap, leave the file or miss the stored size */
export function requireSparseMap(
  chunks: readonly SparseChunk[],
  realSize: number,
  storedSize: number,
): void {
  let end = 0
  let stored = 0
  if (chunks.length > maxSparseChunks) throw malformed('too many chunks')
  for (const { offset, size } of chunks) {
    if (offset < end || offset + size > realSize) throw malformed('chunks overlap or pass the end')
    end = offset + size
    stored += size
  }
  if (stored !== storedSize) throw malformed('the chunks are not as long as the data')
}

function decimal(text: string | undefined): number {
  if (text === undefined || !/^[0-9]{1,15}$/.test(text)) throw malformed('a number is malformed')
  return Number(text)
}

function malformed(reason: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a sparse map', { reason })
}
