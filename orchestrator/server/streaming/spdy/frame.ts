// Frames of SPDY/3.1: 8 bytes of header, then the payload. Control frames have the first bit set.

export const frameType = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const

export const flagFin = 1

export interface DataFrame {
  readonly type: 'data'
  readonly stream: number
  readonly fin: boolean
  readonly payload: Buffer
}

export interface ControlFrame {
  readonly type: number
  readonly flags: number
  readonly payload: Buffer
}

const headerBytes = 8
const version = 3
const largestFrame = 16 * 1024 * 1024

/** Cuts bytes into frames. @throws Error for what is no SPDY/3 */
export function makeFrameReader(): (chunk: Buffer) => (DataFrame | ControlFrame)[] {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const frames: (DataFrame | ControlFrame)[] = []
    while (rest.length >= headerBytes) {
      const word = rest.readUInt32BE(0)
      const flags = rest.readUInt8(4)
      const length = rest.readUIntBE(5, 3)
      if (length > largestFrame) throw new Error('a frame is too large')
      if (rest.length < headerBytes + length) break
      const payload = rest.subarray(headerBytes, headerBytes + length)
      rest = rest.subarray(headerBytes + length)
      if (word >>> 31 === 0) {
        frames.push({ type: 'data', stream: word, fin: (flags & flagFin) !== 0, payload })
        continue
      }
      if (((word >>> 16) & 0x7f_ff) !== version) throw new Error('a frame is of another version')
      frames.push({ type: word & 0xff_ff, flags, payload })
    }
    return frames
  }
}

export function dataFrame(stream: number, payload: Buffer, fin: boolean): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32BE(stream, 0)
  header.writeUInt8(fin ? flagFin : 0, 4)
  header.writeUIntBE(payload.length, 5, 3)
  return payload.length === 0 ? header : Buffer.concat([header, payload])
}

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes)
  header.writeUInt16BE(0x80_00 | version, 0)
  header.writeUInt16BE(type, 2)
  header.writeUInt8(flags, 4)
  header.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([header, payload])
}
