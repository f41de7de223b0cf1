import { createInflate } from 'node:zlib'
import { headerDictionary } from './header-dictionary.ts'

// Header blocks: name and value pairs, all blocks of one direction in one stream of zlib.

export type SpdyHeaders = Readonly<Record<string, string>>

export interface HeaderCodec {
  /** To be called in the order of the frames, one at a time. @throws Error for a block that is none */
  decode(block: Buffer): Promise<SpdyHeaders>
  /** To be called in the order of the frames. */
  encode(headers: SpdyHeaders): Buffer
  close(): void
}

const largestBlock = 32 * 1024
const mostPairs = 256
/** Of a stream of zlib that begins with the dictionary: method and level, a flag, the sum of the dictionary. */
const streamHeader = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2])

export function makeHeaderCodec(): HeaderCodec {
  const inflate = createInflate({ dictionary: headerDictionary() })
  let chunks: Buffer[] = []
  let began = false
  let size = 0
  // A few bytes can unfold to all memory: what is too much is not waited for.
  inflate.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > largestBlock) inflate.destroy(new Error('a header block is too large'))
    else chunks.push(chunk)
  })
  // Told to who decodes; what goes wrong between two blocks shows with the next one.
  inflate.on('error', () => undefined)
  return {
    decode: (block) =>
      new Promise((resolve, reject) => {
        chunks = []
        size = 0
        inflate.once('error', reject)
        inflate.write(block, () => {
          // What was inflated is told of in the same turn of the event loop.
          setImmediate(() => {
            inflate.off('error', reject)
            try {
              resolve(readPairs(Buffer.concat(chunks)))
            } catch (error) {
              reject(error)
            }
          })
        })
      }),
    encode: (headers) => {
      const bytes = writePairs(headers)
      const prefix = began ? Buffer.alloc(0) : streamHeader
      began = true
      return Buffer.concat([prefix, storedBlock(bytes), storedBlock(Buffer.alloc(0))])
    },
    close: () => {
      inflate.destroy()
    },
  }
}

/**
 * Bytes as a block of deflate that is not compressed (RFC 1951, 3.2.4): what the server says is a few bytes. An empty
 * one is what readers wait for before they hand out what came before it.
 */
function storedBlock(bytes: Buffer): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt16LE(bytes.length, 1)
  header.writeUInt16LE(~bytes.length & 0xff_ff, 3)
  return Buffer.concat([header, bytes])
}

/** @throws Error for bytes that end too early or say too much */
export function readPairs(bytes: Buffer): SpdyHeaders {
  if (bytes.length > largestBlock) throw new Error('a header block is too large')
  let at = 0
  const readNumber = () => {
    if (at + 4 > bytes.length) throw new Error('a header block ends too early')
    at += 4
    return bytes.readUInt32BE(at - 4)
  }
  const readText = () => {
    const length = readNumber()
    if (at + length > bytes.length) throw new Error('a header block ends too early')
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const count = readNumber()
  if (count > mostPairs) throw new Error('a header block has too many headers')
  const entries: [string, string][] = []
  for (let index = 0; index < count; index++) entries.push([readText().toLowerCase(), readText()])
  return Object.fromEntries(entries)
}

export function writePairs(headers: SpdyHeaders): Buffer {
  const parts: Buffer[] = []
  const writeNumber = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    parts.push(bytes)
  }
  const entries = Object.entries(headers)
  writeNumber(entries.length)
  for (const text of entries.flat()) {
    const bytes = Buffer.from(text)
    writeNumber(bytes.length)
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}
