import { closeSync, openSync, readSync } from 'node:fs'

/**
 * Random bytes of the kernel's generator, random(4). Not by node:crypto, whose loading costs more
 * than everything else that a short command does.
 */
export function randomBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  const source = openSync('/dev/urandom', 'r')
  try {
    // Reads of up to 256 bytes are never cut short.
    for (let at = 0; at < size;) at += readSync(source, bytes, at, Math.min(256, size - at), null)
  } finally {
    closeSync(source)
  }
  return bytes
}

/** A whole number from 0 to `limit - 1`, evenly distributed. @param limit at most 2^32 */
export function randomBelow(limit: number): number {
  const ceiling = 2 ** 32 - (2 ** 32 % limit)
  for (;;) {
    const value = randomBytes(4).readUInt32LE(0)
    if (value < ceiling) return value % limit
  }
}
