import { writeSync } from 'node:fs'

/**
 * Write all of a text or of bytes to a descriptor, and wait for its reader. The streams of `process` do the same
 * after loading a fifth of Node, which costs more than most commands.
 * @returns false where the reader has gone (write(2) answers EPIPE)
 */
export function writeOutput(descriptor: number, chunk: string | Uint8Array): boolean {
  const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  for (let at = 0; at < bytes.length;) {
    const written = writeSome(descriptor, bytes.subarray(at))
    if (written === undefined) return false
    at += written
  }
  return true
}

/** @returns how many bytes were written; undefined where the reader has gone */
function writeSome(descriptor: number, bytes: Uint8Array): number | undefined {
  try {
    return writeSync(descriptor, bytes)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EPIPE') return undefined
    if (code !== 'EAGAIN') throw error
    // Somebody who shares the terminal or pipe made it non-blocking; wait for room.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    return 0
  }
}
