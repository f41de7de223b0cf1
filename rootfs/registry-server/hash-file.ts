import type { Hash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

const pieceSize = 1024 * 1024

/** Feed the first `size` bytes of a file to a hash, without blocking the event loop for long. */
export async function hashFile(file: FileHandle, size: number, hash: Hash): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(pieceSize, Math.max(size, 1)))
  for (let at = 0; at < size;) {
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, size - at), at)
    if (bytesRead === 0) return
    hash.update(piece.subarray(0, bytesRead))
    at += bytesRead
  }
}
