import { readSync } from 'node:fs'

/** A run of bytes in an open file: a blob of its own, or one inside an archive. */
export interface BlobSource {
  readonly descriptor: number
  readonly offset: number
  readonly size: number
}

/** The bytes of a layer that is to be added, however they come about. */
export interface LayerInput {
  /** Bytes in all; undefined where nobody knows yet. */
  readonly size: number | undefined
  /** Where the bytes lie in a file as they are: then they are worked on by other threads. */
  readonly file?: BlobSource | undefined
  /** From the beginning, each time it is called. */
  pieces(): Iterable<Buffer> | AsyncIterable<Buffer>
}

/** A layer that lies in a file. */
export function layerInFile(source: BlobSource): LayerInput {
  return { size: source.size, file: source, pieces: () => readPieces(source) }
}

const pieceSize = 1024 * 1024

/**
 * The bytes in pieces. Each piece is a new buffer, because decoders keep what they were given.
 * Ends early where the file does.
 */
export function* readPieces({ descriptor, offset, size }: BlobSource): Generator<Buffer> {
  let at = 0
  while (at < size) {
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, size - at))
    const count = readSync(descriptor, piece, 0, piece.length, offset + at)
    if (count === 0) return
    at += count
    yield count === piece.length ? piece : piece.subarray(0, count)
  }
}

/**
 * The bytes in pieces that share one buffer: each is valid until the next is asked for. Large files
 * are read so without a new megabyte from the allocator each time.
 */
export function* reusedPieces({ descriptor, offset, size }: BlobSource): Generator<Buffer> {
  const piece = Buffer.allocUnsafeSlow(Math.min(pieceSize, Math.max(size, 1)))
  for (let at = 0; at < size;) {
    const count = readSync(descriptor, piece, 0, Math.min(piece.length, size - at), offset + at)
    if (count === 0) return
    at += count
    yield count === piece.length ? piece : piece.subarray(0, count)
  }
}

/** The first bytes, at most `length`. */
export function readStart(source: BlobSource, length: number): Buffer {
  const start = Buffer.alloc(Math.min(length, source.size))
  const count = readSync(source.descriptor, start, 0, start.length, source.offset)
  return start.subarray(0, count)
}
