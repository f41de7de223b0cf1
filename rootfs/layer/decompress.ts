import type { Transform } from 'node:stream'
import { OperationError } from '../../native/error.ts'

export type Compression = 'none' | 'gzip' | 'zstd'

/** Limits on what a layer may unpack to; far above any honest image. */
export interface UnpackLimits {
  readonly maxEntries: number
  /** Bytes of the plain tar. */
  readonly maxBytes: number
  /** Plain bytes for each compressed byte, looked at from `ratioFloor` plain bytes on. */
  readonly maxRatio: number
  readonly ratioFloor: number
}

export const defaultUnpackLimits: UnpackLimits = {
  maxEntries: 5_000_000,
  maxBytes: 256 * 2 ** 30,
  maxRatio: 500,
  ratioFloor: 2 ** 30,
}

const variables = {
  maxEntries: 'MYIMAGE_MAX_LAYER_ENTRIES',
  maxBytes: 'MYIMAGE_MAX_LAYER_BYTES',
  maxRatio: 'MYIMAGE_MAX_LAYER_RATIO',
  ratioFloor: 'MYIMAGE_LAYER_RATIO_FLOOR',
} as const

/** The limits that are in force: the defaults, or what the environment says. @throws {OperationError} */
export function unpackLimits(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): UnpackLimits {
  const limit = (name: keyof UnpackLimits): number => {
    const text = environment[variables[name]]
    if (text === undefined || text === '') return defaultUnpackLimits[name]
    if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read a limit',
      { variable: variables[name], value: text.slice(0, 40) },
      { hint: 'Give a whole number from 1' },
    )
  }
  return {
    maxEntries: limit('maxEntries'),
    maxBytes: limit('maxBytes'),
    maxRatio: limit('maxRatio'),
    ratioFloor: limit('ratioFloor'),
  }
}

const outputChunk = 1024 * 1024

/** What the first bytes of a file say it is compressed with. */
export function detectCompression(start: Buffer): Compression {
  if (start[0] === 0x1f && start[1] === 0x8b) return 'gzip'
  if (start.length >= 4 && start.readUInt32LE(0) === 0xfd2fb528) return 'zstd'
  // A skippable frame may come first: its magic number has a free low digit.
  if (start.length >= 4 && start.readUInt32LE(0) >>> 4 === 0x184d2a5) return 'zstd'
  return 'none'
}

/**
 * Decompress what `input` yields and give it on in pieces that stay valid. gzip members and
 * zstd frames may follow each other. The decoder runs on another thread while the caller
 * works on the previous piece.
 *
 * @throws {OperationError} `INVALID_IMAGE` for damaged data and for decompression bombs
 */
export async function* decompress(
  input: Iterable<Buffer> | AsyncIterable<Buffer>,
  compression: Compression,
  limits: UnpackLimits,
): AsyncGenerator<Buffer> {
  const counted = { in: 0, out: 0 }
  const source = countBytes(input, counted)
  if (compression === 'none') {
    for await (const chunk of source) {
      checkLimits(counted, chunk.length, limits)
      yield chunk
    }
    return
  }
  const decoder = makeDecoder(compression)
  const feeding = feed(source, decoder)
  try {
    for await (const chunk of decoder) {
      checkLimits(counted, (chunk as Buffer).length, limits)
      yield chunk as Buffer
    }
  } catch (cause) {
    if (cause instanceof OperationError) throw cause
    throw new OperationError('INVALID_IMAGE', 'decompress a layer', { compression }, { cause })
  } finally {
    decoder.destroy()
    await feeding
  }
}

function makeDecoder(compression: 'gzip' | 'zstd'): Transform {
  const zlib = process.getBuiltinModule('node:zlib')
  const options = { chunkSize: outputChunk, readableHighWaterMark: 4 * outputChunk }
  // zstd refuses windows above 128 MiB by itself.
  return compression === 'gzip' ? zlib.createGunzip(options) : zlib.createZstdDecompress(options)
}

async function feed(source: AsyncIterable<Buffer>, decoder: Transform): Promise<void> {
  decoder.on('error', () => undefined)
  try {
    for await (const chunk of source) {
      if (decoder.destroyed) return
      if (!decoder.write(chunk)) await drained(decoder)
    }
    decoder.end()
  } catch (error) {
    decoder.destroy(error instanceof Error ? error : new Error('reading failed', { cause: error }))
  }
}

function drained(decoder: Transform): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      decoder.off('drain', done).off('close', done)
      resolve()
    }
    decoder.on('drain', done).on('close', done)
  })
}

async function* countBytes(
  input: Iterable<Buffer> | AsyncIterable<Buffer>,
  counted: { in: number },
): AsyncGenerator<Buffer> {
  for await (const chunk of input) {
    counted.in += chunk.length
    yield chunk
  }
}

function checkLimits(
  counted: { in: number; out: number },
  length: number,
  limits: UnpackLimits,
): void {
  counted.out += length
  const tooMuch = counted.out > limits.maxBytes
  const tooDense = counted.out > limits.ratioFloor && counted.out > counted.in * limits.maxRatio
  if (tooMuch || tooDense)
    throw new OperationError('INVALID_IMAGE', 'decompress a layer', {
      reason: 'it unpacks to more than any honest layer does',
      bytes: counted.out,
      fromBytes: counted.in,
    })
}
