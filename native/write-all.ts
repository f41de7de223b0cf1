import { writeSync } from 'node:fs'

/**
 * Write all bytes, also into a pipe that is full and in non-blocking mode because another process shares it.
 *
 * @param position in the file; without it, where the descriptor stands
 * @throws {NodeJS.ErrnoException} as write(2)
 */
export function writeAll(descriptor: number, bytes: Uint8Array, position?: number): void {
  for (let at = 0; at < bytes.length;) {
    const where = position === undefined ? null : position + at
    try {
      at += writeSync(descriptor, bytes, at, bytes.length - at, where)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}
