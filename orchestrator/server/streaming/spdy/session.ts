import type { Duplex } from 'node:stream'
import { controlFrame, dataFrame, flagFin, frameType, makeFrameReader } from './frame.ts'
import type { ControlFrame, DataFrame } from './frame.ts'
import { makeHeaderCodec } from './header-codec.ts'
import type { SpdyHeaders } from './header-codec.ts'

// The server's end of a SPDY/3.1 connection, as far as clients of Kubernetes use it: they open streams, both sides
// write to them. They keep no windows, so there are none here; slow readers hold up the whole connection instead.

export interface SpdyStream {
  readonly headers: SpdyHeaders
  /** @param done when the bytes have left */
  write(data: Buffer, done?: () => void): void
  /** Nothing more from here. */
  end(): void
  onData(listener: (data: Buffer) => void): void
  /** Nothing more from the client. */
  onEnd(listener: () => void): void
}

export interface SpdySession {
  pause(): void
  resume(): void
  close(): void
}

export interface SpdyHandler {
  onStream(stream: SpdyStream): void
  onClose(): void
}

const largestPayload = 32 * 1024
const mostStreams = 4096
/** How long a client has to end its side when ours has ended. */
const lingerMs = 10_000

interface OpenStream {
  data(bytes: Buffer): void
  end(): void
}

export function serveSpdy(socket: Duplex, handler: SpdyHandler): SpdySession {
  const codec = makeHeaderCodec()
  const readFrames = makeFrameReader()
  const streams = new Map<number, OpenStream>()
  // Frames are handled one after the other, also those that wait for a header block.
  let last: Promise<void> = Promise.resolve()
  let ending: NodeJS.Timeout | undefined
  let closed = false

  function close(): void {
    if (closed) return
    closed = true
    clearTimeout(ending)
    codec.close()
    socket.destroy()
    for (const stream of streams.values()) stream.end()
    handler.onClose()
  }

  const write = (bytes: Buffer, done?: () => void): void => {
    if (!closed && !ending) socket.write(bytes, () => done?.())
  }

  async function openStream({ payload, flags }: ControlFrame): Promise<void> {
    if (streams.size >= mostStreams) throw new Error('there are too many streams')
    const id = payload.readUInt32BE(0) & 0x7f_ff_ff_ff
    const headers = await codec.decode(payload.subarray(10))
    const reply = Buffer.alloc(4)
    reply.writeUInt32BE(id, 0)
    const block = codec.encode({})
    write(controlFrame(frameType.synReply, 0, Buffer.concat([reply, block])))
    const { stream, open } = makeStream(id, headers, write, () => streams.delete(id))
    streams.set(id, open)
    handler.onStream(stream)
    if ((flags & flagFin) !== 0) open.end()
  }

  async function handle(frame: DataFrame | ControlFrame): Promise<void> {
    if (closed || ending) return
    if (frame.type === 'data') {
      const { stream, payload, fin } = frame
      if (payload.length > 0) streams.get(stream)?.data(payload)
      if (fin) streams.get(stream)?.end()
      return
    }
    switch (frame.type) {
      case frameType.synStream:
        return openStream(frame)
      case frameType.headers:
        // Unused, but the blocks after it need its bytes.
        await codec.decode(frame.payload.subarray(4))
        return
      case frameType.rstStream:
        streams.get(frame.payload.readUInt32BE(0) & 0x7f_ff_ff_ff)?.end()
        return
      case frameType.ping:
        write(controlFrame(frameType.ping, 0, frame.payload))
        return
      default:
    }
  }

  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of readFrames(chunk)) last = last.then(() => handle(frame))
      last = last.catch(close)
    } catch {
      close()
    }
  })
  socket.on('end', () => void last.then(close))
  socket.on('close', close)
  socket.on('error', close)
  return {
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => {
      if (closed || ending) return
      ending = setTimeout(close, lingerMs).unref()
      socket.end(controlFrame(frameType.goAway, 0, Buffer.alloc(8)))
      // The kernel resets a connection that is closed over bytes that nobody has read, and the client then loses what it has
      // not read: what still comes is taken until the client ends, too.
      socket.resume()
    },
  }
}

function makeStream(
  id: number,
  headers: SpdyHeaders,
  write: (bytes: Buffer, done?: () => void) => void,
  forget: () => void,
): { stream: SpdyStream; open: OpenStream } {
  let onData: ((data: Buffer) => void) | undefined
  let onEnd: (() => void) | undefined
  // What arrives before somebody listens.
  const early: Buffer[] = []
  let sentEnd = false
  let gotEnd = false
  const forgetIfDone = () => void (sentEnd && gotEnd && forget())
  return {
    stream: {
      headers,
      write: (data, done) => {
        for (let at = 0; at < data.length; at += largestPayload) {
          const isLast = at + largestPayload >= data.length
          write(
            dataFrame(id, data.subarray(at, at + largestPayload), false),
            isLast ? done : undefined,
          )
        }
      },
      end: () => {
        if (sentEnd) return
        sentEnd = true
        write(dataFrame(id, Buffer.alloc(0), true))
        forgetIfDone()
      },
      onData: (listener) => {
        onData = listener
        for (const chunk of early.splice(0)) listener(chunk)
      },
      onEnd: (listener) => {
        onEnd = listener
        if (gotEnd) listener()
      },
    },
    open: {
      data: (bytes) => {
        if (onData) onData(bytes)
        else early.push(bytes)
      },
      end: () => {
        if (gotEnd) return
        gotEnd = true
        onEnd?.()
        forgetIfDone()
      },
    },
  }
}
