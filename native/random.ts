import { closeSync, openSync, readSync } from 'node:fs'

/**
 * Random bytes of the kernel's generator, random(4). Not by node:crypto, whose loading costs more
 * than everything else that a short command does.
 */
export function randomBytes(size: number): Buffer {
  if (size > reserveSize) return readRandom(size)
  if (used + size > reserve.length) {
    reserve = readRandom(reserveSize)
    used = 0
  }
  const bytes = Buffer.from(reserve.subarray(used, used + size))
  // What was given out is nobody else's.
  reserve.fill(0, used, used + size)
  used += size
  return bytes
}

/** Read ahead: a command needs a handful of bytes half a dozen times. */
const reserveSize = 256
let reserve: Buffer = Buffer.alloc(0)
let used = 0

function readRandom(size: number): Buffer {
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
