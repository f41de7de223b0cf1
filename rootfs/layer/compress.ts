import type { Transform } from 'node:stream'

/** How a layer's blob is to be compressed. */
export interface BlobCompression {
  readonly kind: 'none' | 'gzip' | 'zstd'
  /** gzip 1 to 9 (absent: 6), zstd 1 to 22 (absent: 3). */
  readonly level?: number | undefined
}

export interface Compressor {
  /** Waits where the encoder is behind. The piece must stay as it is until `end`. */
  write(piece: Buffer): Promise<void> | void
  /** All bytes have been given to `take` when it resolves. */
  end(): Promise<void>
}

/**
 * Compress on other threads. The same bytes give the same bytes: no time and no name goes into the
 * header, and zstd counts its work in one thread.
 */
export function compress(
  { kind, level }: BlobCompression,
  take: (piece: Buffer) => void,
): Compressor {
  if (kind === 'none') return { write: take, end: () => Promise.resolve() }
  const encoder = makeEncoder(kind, level)
  const finished = new Promise<void>((resolve, reject) => {
    encoder.on('end', resolve).on('error', reject)
  })
  finished.catch(() => undefined)
  encoder.on('data', (piece: Buffer) => {
    try {
      take(piece)
    } catch (error) {
      encoder.destroy(error as Error)
    }
  })
  let processed: Promise<unknown> = Promise.resolve()
  return {
    write(piece) {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      processed = promise
      if (encoder.write(piece, resolve) || encoder.destroyed) return undefined
      return new Promise<void>((resolve) => {
        const done = (): void => {
          encoder.off('drain', done).off('close', done)
          resolve()
        }
        encoder.on('drain', done).on('close', done)
      })
    },
    async end() {
      // zstd frames differ with whether their end is known when the last bytes come: always later.
      await Promise.race([processed, finished])
      encoder.end()
      await finished
    },
  }
}

const outputChunk = 256 * 1024

function makeEncoder(kind: 'gzip' | 'zstd', level: number | undefined): Transform {
  const zlib = process.getBuiltinModule('node:zlib')
  if (kind === 'gzip') return zlib.createGzip({ level: level ?? 6, chunkSize: outputChunk })
  const { ZSTD_c_compressionLevel, ZSTD_c_checksumFlag } = zlib.constants
  const params = { [ZSTD_c_compressionLevel]: level ?? 3, [ZSTD_c_checksumFlag]: 1 }
  return zlib.createZstdCompress({ chunkSize: outputChunk, params })
}
