import { createHash } from 'node:crypto'
import { closeSync, constants, openSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import {
  type Compression,
  type UnpackLimits,
  decompress,
  unpackLimits,
  detectCompression,
} from './decompress.ts'
import { createLayerWriter } from './layer-writer.ts'
import { planEntry } from './plan.ts'
import { createTarReader, type TarReader } from './tar-reader.ts'

export interface UnpackOptions {
  /** The layer as it is stored, compressed or plain, in pieces. */
  readonly input: Iterable<Buffer> | AsyncIterable<Buffer>
  /** Existing empty folder that becomes the layer. */
  readonly folder: string
  readonly lowerFolders: readonly string[]
  readonly onNote: (note: string) => void
  /** False: the digest of the plain tar is not computed, because somebody else does. */
  readonly isHashed?: boolean | undefined
  readonly limits?: UnpackLimits | undefined
}

export interface UnpackedLayer {
  /** "sha256:…" of the plain tar; empty where it was not to be hashed. */
  readonly diffId: string
  /** How the blob is compressed. */
  readonly compression: Compression
  /** Bytes of the files. */
  readonly size: number
  readonly entries: number
}

/** Decompress, hash and write a layer in one pass. @throws {OperationError} `INVALID_IMAGE` */
export async function unpackLayer(options: UnpackOptions): Promise<UnpackedLayer> {
  const limits = options.limits ?? unpackLimits()
  const root = openSync(options.folder, constants.O_RDONLY | constants.O_DIRECTORY)
  const writer = createLayerWriter({
    root,
    lowerFolders: options.lowerFolders,
    onNote: options.onNote,
  })
  const counted = { size: 0, entries: 0 }
  const reader = createTarReader({
    entry(entry) {
      counted.entries++
      counted.size += entry.storedSize
      if (counted.entries > limits.maxEntries)
        throw new OperationError('INVALID_IMAGE', 'unpack a layer', {
          reason: 'too many entries',
          entries: counted.entries,
        })
      const operation = planEntry(entry)
      writer.apply(operation)
      return operation.op === 'make' && entry.kind === 'file'
    },
    data: (chunk) => writer.data(chunk),
    end: () => writer.endFile(),
  })
  try {
    const { diffId, compression } = await readAll(options, reader, limits)
    writer.finish()
    return { diffId, compression, ...counted }
  } finally {
    writer.close()
    closeSync(root)
  }
}

async function readAll(
  options: UnpackOptions,
  reader: TarReader,
  limits: UnpackLimits,
): Promise<{ diffId: string; compression: Compression }> {
  const hash = createHash('sha256')
  const { isHashed = true } = options
  const { first, all } = await peek(options.input)
  const compression = detectCompression(first)
  for await (const chunk of decompress(all, compression, limits)) {
    if (isHashed) hash.update(chunk)
    reader.push(chunk)
  }
  reader.finish()
  return { diffId: isHashed ? `sha256:${hash.digest('hex')}` : '', compression }
}

/** The first piece, and all pieces with it. */
async function peek(
  input: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<{ first: Buffer; all: AsyncIterable<Buffer> }> {
  const pieces =
    Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]()
  const start = await pieces.next()
  const first = start.done ? Buffer.alloc(0) : start.value
  return { first, all: chain(first, pieces) }
}

async function* chain(
  first: Buffer,
  rest: Iterator<Buffer> | AsyncIterator<Buffer>,
): AsyncGenerator<Buffer> {
  try {
    yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
