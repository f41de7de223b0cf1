import { OperationError } from '../../native/error.ts'
import { paxInteger, paxRecords } from './pax.ts'
import {
  type SparseChunk,
  gnuSparseChunks,
  maxSparseChunks,
  parseSparseDataMap,
  requireSparseMap,
} from './sparse-map.ts'
import {
  type EntryOverrides,
  type TarEntry,
  hasSparseDataMap,
  makeEntry,
  storedSizeOf,
} from './tar-entry.ts'
import { type TarHeader, blockSize, parseTarHeader, parseNumber } from './tar-header.ts'

export interface TarHandler {
  /** A member begins. Return false to have its data left out. */
  entry(entry: TarEntry, dataOffset: number): boolean | void
  /** Stored bytes of the member that began last; valid only during the call. */
  data(chunk: Buffer): void
  /** All data of the member has been given. */
  end(): void
}

export interface TarReader {
  /** Take the next bytes of the archive, in pieces of any length. */
  push(chunk: Buffer): void
  /** No bytes follow. @throws {OperationError} `INVALID_IMAGE` where the archive is cut off */
  finish(): void
  /** Bytes that would be dropped next: a reader of a file may seek over them, see `skip`. */
  readonly skippable: number
  skip(bytes: number): void
}

// As Go's reader: no sane PAX header or long name is larger.
const maxMetadataSize = 1024 * 1024

type Phase = 'header' | 'metadata' | 'gnu-sparse' | 'sparse-map' | 'data' | 'end'

/**
 * Reads a tar archive that arrives in pieces: ustar, GNU (long names, sparse), star and PAX
 * with sparse 0.0, 0.1 and 1.0. Global PAX headers are ignored, as docker does.
 */
export function createTarReader(handler: TarHandler): TarReader {
  let phase: Phase = 'header'
  let carry: Buffer = Buffer.alloc(0)
  let offset = 0 // of the next byte to be looked at, in the archive
  let remaining = 0 // stored bytes of the current member
  let padding = 0
  let wanted = false // whether the handler wants the data
  let zeroBlocks = 0
  let header: TarHeader | undefined
  let overrides: EntryOverrides = {}
  let metadata: Buffer[] = []
  let sparse: SparseChunk[] = []

  function push(chunk: Buffer): void {
    let bytes = carry.length === 0 ? chunk : Buffer.concat([carry, chunk])
    carry = bytes.subarray(0, 0)
    while (bytes.length > 0) {
      const used = step(bytes)
      if (used === 0) {
        // A view would be overwritten when the caller uses its buffer again.
        carry = Buffer.from(bytes)
        return
      }
      offset += used
      bytes = bytes.subarray(used)
    }
  }

  /** Use up some bytes from the front; 0 when there are too few to go on. */
  function step(bytes: Buffer): number {
    if (phase === 'end') return bytes.length
    if (phase === 'data' || phase === 'metadata') return takeData(bytes)
    if (phase === 'sparse-map') return takeSparseMap(bytes)
    if (bytes.length < blockSize) return 0
    if (phase === 'gnu-sparse') takeGnuSparse(bytes)
    else takeHeader(bytes.subarray(0, blockSize))
    return blockSize
  }

  function takeHeader(block: Buffer): void {
    const parsed = parseTarHeader(block)
    if (!parsed) {
      zeroBlocks++
      if (zeroBlocks === 2) phase = 'end'
      return
    }
    if (zeroBlocks > 0) throw malformed('entries follow the end of the archive')
    header = parsed
    setLength(storedSizeOf(parsed, overrides.pax))
    if ('LKxXg'.includes(parsed.type)) beginMetadata(parsed)
    else if (parsed.type === 'S') beginGnuSparse(block)
    else if (hasSparseDataMap(overrides.pax)) phase = 'sparse-map'
    else beginEntry(parsed)
  }

  function setLength(size: number): void {
    remaining = size
    padding = (blockSize - (size % blockSize)) % blockSize
  }

  function beginMetadata(parsed: TarHeader): void {
    setLength(parsed.size)
    if (parsed.size > maxMetadataSize) throw malformed('a PAX header or long name is too large')
    metadata = []
    phase = 'metadata'
    if (parsed.size === 0) endData()
  }

  function beginGnuSparse(block: Buffer): void {
    sparse = gnuSparseChunks(block, 386, 4)
    overrides.pax ??= new Map()
    overrides.pax.set('GNU.sparse.size', Buffer.from(String(parseNumber(block, 483, 12))))
    overrides.paxSparse = sparse
    if (block[482] === 0) beginEntry(header)
    else phase = 'gnu-sparse'
  }

  function takeGnuSparse(bytes: Buffer): void {
    sparse.push(...gnuSparseChunks(bytes, 0, 21))
    if (sparse.length > maxSparseChunks) throw malformed('too many sparse chunks')
    if (bytes[504] === 0) beginEntry(header)
  }

  function takeSparseMap(bytes: Buffer): number {
    const map = parseSparseDataMap(bytes)
    if (!map || map.length > bytes.length) {
      if (bytes.length > maxSparseChunks * 32) throw malformed('the sparse map is too large')
      return 0
    }
    if (map.length > remaining) throw malformed('the sparse map is longer than the file')
    remaining -= map.length
    overrides.paxSparse = map.chunks
    offset += map.length - blockSize
    beginEntry(header)
    offset -= map.length - blockSize
    return map.length
  }

  function beginEntry(parsed: TarHeader | undefined): void {
    const made = parsed && makeEntry(parsed, overrides)
    overrides = {}
    phase = 'data'
    wanted = false
    if (made) {
      const entry = { ...made, storedSize: remaining }
      if (entry.sparse) requireSparseMap(entry.sparse, entry.size, remaining)
      wanted = handler.entry(entry, offset + blockSize) !== false
    }
    if (remaining === 0) endData()
  }

  function takeData(bytes: Buffer): number {
    if (remaining === 0) {
      const skipped = Math.min(padding, bytes.length)
      padding -= skipped
      if (padding === 0) phase = 'header'
      return skipped
    }
    const size = Math.min(remaining, bytes.length)
    const piece = bytes.subarray(0, size)
    remaining -= size
    if (phase === 'metadata') metadata.push(Buffer.from(piece))
    else if (wanted) handler.data(piece)
    if (remaining === 0) endData()
    return size
  }

  function endData(): void {
    if (phase === 'metadata') takeMetadata(Buffer.concat(metadata))
    else if (wanted) handler.end()
    wanted = false
    if (padding === 0) phase = 'header'
  }

  function takeMetadata(data: Buffer): void {
    const type = header?.type
    const nul = data.indexOf(0)
    const text = data.toString('latin1', 0, nul === -1 ? data.length : nul)
    if (type === 'L') overrides.name = text
    else if (type === 'K') overrides.linkName = text
    else if (type !== 'g') readPax(data)
  }

  function readPax(data: Buffer): void {
    const pax = new Map<string, Buffer>()
    const chunks: SparseChunk[] = []
    let start = 0
    for (const [key, value] of paxRecords(data)) {
      // PAX sparse 0.0 repeats these two keys, once for each chunk.
      if (key === 'GNU.sparse.offset') start = paxInteger(value, key)
      else if (key === 'GNU.sparse.numbytes')
        chunks.push({ offset: start, size: paxInteger(value, key) })
      else pax.set(key, value)
    }
    overrides.pax = pax
    if (chunks.length > 0) overrides.paxSparse = chunks
  }

  return {
    push,
    finish() {
      if (carry.length > 0 || remaining > 0 || (phase !== 'header' && phase !== 'end'))
        throw malformed('the archive is cut off')
    },
    get skippable() {
      return phase === 'data' && !wanted ? remaining + padding : 0
    },
    skip(bytes) {
      const data = Math.min(bytes, remaining)
      remaining -= data
      padding -= bytes - data
      offset += bytes
      if (remaining === 0) endData()
    },
  }
}

function malformed(reason: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a tar archive', { reason })
}
