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

interface ReaderState {
  readonly handler: TarHandler
  phase: Phase
  /** What was too little to go on with. */
  carry: Buffer
  /** Of the next byte to be looked at, in the archive. */
  offset: number
  /** Stored bytes of the current member that are still to come, and the zeros after them. */
  remaining: number
  padding: number
  /** Whether the handler wants the data. */
  wanted: boolean
  zeroBlocks: number
  header: TarHeader | undefined
  overrides: EntryOverrides
  metadata: Buffer[]
  sparse: SparseChunk[]
}

/**
 * Reads a tar archive that arrives in pieces: ustar, GNU (long names, sparse), star and PAX
 * with sparse 0.0, 0.1 and 1.0. Global PAX headers are ignored, as docker does.
 */
export function createTarReader(handler: TarHandler): TarReader {
  const state: ReaderState = {
    handler,
    phase: 'header',
    carry: Buffer.alloc(0),
    offset: 0,
    remaining: 0,
    padding: 0,
    wanted: false,
    zeroBlocks: 0,
    header: undefined,
    overrides: {},
    metadata: [],
    sparse: [],
  }
  return {
    push: (chunk) => push(state, chunk),
    finish: () => requireEnd(state),
    get skippable() {
      return state.phase === 'data' && !state.wanted ? state.remaining + state.padding : 0
    },
    skip: (bytes) => skip(state, bytes),
  }
}

function push(state: ReaderState, chunk: Buffer): void {
  let bytes = state.carry.length === 0 ? chunk : Buffer.concat([state.carry, chunk])
  state.carry = bytes.subarray(0, 0)
  while (bytes.length > 0) {
    const used = step(state, bytes)
    if (used === 0) {
      // A view would be overwritten when the caller uses its buffer again.
      state.carry = Buffer.from(bytes)
      return
    }
    state.offset += used
    bytes = bytes.subarray(used)
  }
}

/** Use up some bytes from the front; 0 when there are too few to go on. */
function step(state: ReaderState, bytes: Buffer): number {
  const { phase } = state
  if (phase === 'end') return bytes.length
  if (phase === 'data' || phase === 'metadata') return takeData(state, bytes)
  if (phase === 'sparse-map') return takeSparseMap(state, bytes)
  if (bytes.length < blockSize) return 0
  if (phase === 'gnu-sparse') takeGnuSparse(state, bytes)
  else takeHeader(state, bytes.subarray(0, blockSize))
  return blockSize
}

function takeHeader(state: ReaderState, block: Buffer): void {
  const parsed = parseTarHeader(block)
  if (!parsed) {
    state.zeroBlocks++
    if (state.zeroBlocks === 2) state.phase = 'end'
    return
  }
  if (state.zeroBlocks > 0) throw malformed('entries follow the end of the archive')
  state.header = parsed
  setLength(state, storedSizeOf(parsed, state.overrides.pax))
  if ('LKxXg'.includes(parsed.type)) beginMetadata(state, parsed)
  else if (parsed.type === 'S') beginGnuSparse(state, block)
  else if (hasSparseDataMap(state.overrides.pax)) state.phase = 'sparse-map'
  else beginEntry(state)
}

function setLength(state: ReaderState, size: number): void {
  state.remaining = size
  state.padding = (blockSize - (size % blockSize)) % blockSize
}

function beginMetadata(state: ReaderState, { size }: TarHeader): void {
  setLength(state, size)
  if (size > maxMetadataSize) throw malformed('a PAX header or long name is too large')
  state.metadata = []
  state.phase = 'metadata'
  if (size === 0) endData(state)
}

function beginGnuSparse(state: ReaderState, block: Buffer): void {
  state.sparse = gnuSparseChunks(block, 386, 4)
  const { overrides } = state
  overrides.pax ??= new Map()
  overrides.pax.set('GNU.sparse.size', Buffer.from(String(parseNumber(block, 483, 12))))
  overrides.paxSparse = state.sparse
  if (block[482] === 0) beginEntry(state)
  else state.phase = 'gnu-sparse'
}

function takeGnuSparse(state: ReaderState, bytes: Buffer): void {
  state.sparse.push(...gnuSparseChunks(bytes, 0, 21))
  if (state.sparse.length > maxSparseChunks) throw malformed('too many sparse chunks')
  if (bytes[504] === 0) beginEntry(state)
}

function takeSparseMap(state: ReaderState, bytes: Buffer): number {
  const map = parseSparseDataMap(bytes)
  if (!map || map.length > bytes.length) {
    if (bytes.length > maxSparseChunks * 32) throw malformed('the sparse map is too large')
    return 0
  }
  if (map.length > state.remaining) throw malformed('the sparse map is longer than the file')
  state.remaining -= map.length
  state.overrides.paxSparse = map.chunks
  state.offset += map.length - blockSize
  beginEntry(state)
  state.offset -= map.length - blockSize
  return map.length
}

function beginEntry(state: ReaderState): void {
  const { header, handler, remaining } = state
  const made = header && makeEntry(header, state.overrides)
  state.overrides = {}
  state.phase = 'data'
  state.wanted = false
  if (made) {
    const entry = { ...made, storedSize: remaining }
    if (entry.sparse) requireSparseMap(entry.sparse, entry.size, remaining)
    state.wanted = handler.entry(entry, state.offset + blockSize) !== false
  }
  if (remaining === 0) endData(state)
}

function takeData(state: ReaderState, bytes: Buffer): number {
  if (state.remaining === 0) {
    const skipped = Math.min(state.padding, bytes.length)
    state.padding -= skipped
    if (state.padding === 0) state.phase = 'header'
    return skipped
  }
  const size = Math.min(state.remaining, bytes.length)
  const piece = bytes.subarray(0, size)
  state.remaining -= size
  if (state.phase === 'metadata') state.metadata.push(Buffer.from(piece))
  else if (state.wanted) state.handler.data(piece)
  if (state.remaining === 0) endData(state)
  return size
}

function endData(state: ReaderState): void {
  if (state.phase === 'metadata') takeMetadata(state, Buffer.concat(state.metadata))
  else if (state.wanted) state.handler.end()
  state.wanted = false
  if (state.padding === 0) state.phase = 'header'
}

function takeMetadata({ header, overrides }: ReaderState, data: Buffer): void {
  const type = header?.type
  const nul = data.indexOf(0)
  const text = data.toString('latin1', 0, nul === -1 ? data.length : nul)
  if (type === 'L') overrides.name = text
  else if (type === 'K') overrides.linkName = text
  else if (type !== 'g') readPax(overrides, data)
}

function readPax(overrides: EntryOverrides, data: Buffer): void {
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

function requireEnd({ carry, remaining, phase }: ReaderState): void {
  if (carry.length > 0 || remaining > 0 || (phase !== 'header' && phase !== 'end'))
    throw malformed('the archive is cut off')
}

function skip(state: ReaderState, bytes: number): void {
  const data = Math.min(bytes, state.remaining)
  state.remaining -= data
  state.padding -= bytes - data
  state.offset += bytes
  if (state.remaining === 0) endData(state)
}

function malformed(reason: string): OperationError {
  return new OperationError('INVALID_IMAGE', 'read a tar archive', { reason })
}
