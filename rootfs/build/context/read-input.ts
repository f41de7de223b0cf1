import { readSync, writeSync } from 'node:fs'

/** Copy standard input, to its end, to a descriptor. */
export function copyInput(source: number, target: number): void {
  const piece = Buffer.allocUnsafe(256 * 1024)
  for (;;) {
    const count = readSome(source, piece)
    if (count === 0) return
    for (let at = 0; at < count;) at += writeSync(target, piece, at, count - at)
  }
}

/** All bytes of a descriptor that may be a pipe. */
export function readAll(descriptor: number): Buffer {
  const pieces: Buffer[] = []
  const piece = Buffer.allocUnsafe(64 * 1024)
  for (;;) {
    const count = readSome(descriptor, piece)
    if (count === 0) return Buffer.concat(pieces)
    pieces.push(Buffer.from(piece.subarray(0, count)))
  }
}

function readSome(descriptor: number, piece: Buffer): number {
  for (;;) {
    try {
      return readSync(descriptor, piece)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      // A pipe in non-blocking mode that is empty.
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}
