// Numbered streams of bytes over one connection, whatever carries them: the messages of a WebSocket or SPDY streams.

/** Of `exec` and `attach`. */
export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const

export interface Channels {
  /** @param done when the bytes have left */
  send(channel: number, data: Buffer, done: () => void): void
  /** Nothing more on this channel; the others stay. */
  end(channel: number): void
  close(): void
  pause(): void
  resume(): void
  /** To be set once, before anything can arrive. */
  listen(listener: ChannelListener): void
}

export interface ChannelListener {
  onData(channel: number, data: Buffer): void
  onEnd(channel: number): void
  onClose(): void
}

const mostUnsent = 1024 * 1024
const enoughSent = 256 * 1024

/** Whatever comes from one side goes to the other; the fast one waits for the slow one. */
export function joinChannels(a: Channels, b: Channels): void {
  forward(a, b)
  forward(b, a)
}

function forward(from: Channels, to: Channels): void {
  let unsent = 0
  let paused = false
  let closed = false
  const closeWhenSent = () => {
    if (closed && unsent <= 0) to.close()
  }
  from.listen({
    onData: (number, data) => {
      unsent += data.length
      if (unsent > mostUnsent && !paused) {
        paused = true
        from.pause()
      }
      to.send(number, data, () => {
        unsent -= data.length
        if (paused && unsent < enoughSent) {
          paused = false
          from.resume()
        }
        closeWhenSent()
      })
    },
    onEnd: (number) => to.end(number),
    onClose: () => {
      closed = true
      closeWhenSent()
    },
  })
}
