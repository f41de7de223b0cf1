import type { FileHandle } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import type { ByteRange } from './byte-range.ts'

/** Large pieces, because each costs a round through the thread pool. */
const pieceSize = 1024 * 1024

/**
 * Send a part of a file as the rest of an answer. The next piece is read while one is sent, both in
 * the same two buffers all the time: that is twice as fast as a stream, and memory stays as it is.
 *
 * @throws {Error} code ERR_STREAM_PREMATURE_CLOSE where the client went away
 */
export async function sendFile(
  file: FileHandle,
  { start, end }: ByteRange,
  response: ServerResponse,
): Promise<void> {
  const length = end - start + 1
  const size = Math.min(pieceSize, length)
  const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)]
  const read = (index: number, at: number): Promise<Buffer> =>
    readPiece(file, buffers[index % 2] as Buffer, at, end)
  let next = read(0, start)
  for (let at = start, index = 0; at <= end; index += 1) {
    const piece = await next
    at += piece.length
    if (at <= end) {
      next = read(index + 1, at)
      // It is awaited in the next round, unless the client goes away before.
      next.catch(() => undefined)
    }
    await write(response, piece)
  }
  // A read that was under way must not outlive the file.
  await next
  response.end()
}

async function readPiece(
  file: FileHandle,
  buffer: Buffer,
  at: number,
  end: number,
): Promise<Buffer> {
  const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at + 1), at)
  if (bytesRead === 0) throw new Error('a blob became shorter while it was sent')
  return buffer.subarray(0, bytesRead)
}

/** Resolves when the kernel has the bytes, so that the buffer may be used again. */
function write(response: ServerResponse, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => {
      reject(
        Object.assign(new Error('the client went away'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }),
      )
    }
    if (response.destroyed) return gone()
    response.once('close', gone)
    response.write(piece, (error) => {
      response.off('close', gone)
      if (error) reject(error)
      else resolve()
    })
  })
}
