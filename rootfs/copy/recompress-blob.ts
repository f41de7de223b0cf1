import { createHash, randomUUID } from 'node:crypto'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { compress } from '../layer/compress.ts'
import {
  type Compression,
  decompress,
  defaultUnpackLimits,
  detectCompression,
} from '../layer/decompress.ts'
import { digestAlgorithm } from '../digest.ts'
import { readPieces } from '../store/blob-source.ts'
import type { ContentDescriptor } from '../registry-client/image-document.ts'

/** A layer in another compression, in a file without a name. */
export interface RecompressedBlob {
  readonly digest: string
  readonly size: number
  read(offset: number): Iterable<Uint8Array>
  close(): void
}

/**
 * Compress a layer anew.
 *
 * @param input the blob as it is; its digest and size are compared on the way
 * @param folder for the file
 * @throws {OperationError} `INVALID_IMAGE`
 */
export async function recompressBlob(
  input: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  blob: ContentDescriptor,
  compression: Compression,
  folder: string,
): Promise<RecompressedBlob> {
  const path = join(folder, `recompressed-${randomUUID()}`)
  const file = openSync(path, 'wx+', 0o600)
  rmSync(path)
  const hash = createHash('sha256')
  let size = 0
  const encoder = compress({ kind: compression }, (piece) => {
    hash.update(piece)
    size += piece.length
    for (let at = 0; at < piece.length;) at += writeSync(file, piece, at)
  })
  try {
    for await (const piece of plainPieces(checked(input, blob))) await encoder.write(piece)
    await encoder.end()
  } catch (error) {
    closeSync(file)
    throw error
  }
  return {
    digest: `sha256:${hash.digest('hex')}`,
    size,
    read: (offset) => readPieces({ descriptor: file, offset, size: size - offset }),
    close: () => closeSync(file),
  }
}

async function* plainPieces(input: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await input.next()
  if (first.done) return
  const whole = (async function* () {
    yield first.value
    yield* input
  })()
  yield* decompress(whole, detectCompression(first.value), defaultUnpackLimits)
}

async function* checked(
  input: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { digest, size }: ContentDescriptor,
): AsyncGenerator<Buffer> {
  const hash = createHash(digestAlgorithm(digest))
  let seen = 0
  for await (const piece of input) {
    hash.update(piece)
    seen += piece.length
    yield Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
  }
  const actual = `${digestAlgorithm(digest)}:${hash.digest('hex')}`
  if (actual !== digest || seen !== size)
    throw new OperationError('INVALID_IMAGE', 'check the digest of a blob', {
      expected: digest,
      actual,
      size: seen,
    })
}
