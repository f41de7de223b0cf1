import type { Duplex } from 'node:stream'
import { channel } from './channels.ts'
import type { ChannelListener, Channels } from './channels.ts'
import { serveSpdy } from './spdy/session.ts'
import type { SpdyStream } from './spdy/session.ts'

// `exec` and `attach` as clients before 1.30 speak them: one SPDY stream for each channel, named by a header.

/** What a server accepts, best first; v4 ends with a Status. */
export const spdyCommandProtocols = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io']

const numbers = new Map<string, number>(Object.entries(channel))
const lateMs = 30_000

/**
 * The channels of a client, once it has opened the streams it has asked for.
 * @param count how many streams the request says there will be
 */
export function acceptSpdyChannels(socket: Duplex, count: number): Promise<Channels> {
  return new Promise((resolve, reject) => {
    const streams = new Map<number, SpdyStream>()
    let listener: ChannelListener | undefined
    const late = setTimeout(() => session.close(), lateMs)
    const session = serveSpdy(socket, {
      onStream: (stream) => {
        const number = numbers.get(stream.headers['streamtype']?.toLowerCase() ?? '')
        if (number === undefined) return stream.end()
        streams.set(number, stream)
        if (streams.size !== count) return
        clearTimeout(late)
        resolve({
          send: (to, data, done) => {
            const target = streams.get(to)
            if (target) target.write(data, done)
            else done()
          },
          end: (to) => streams.get(to)?.end(),
          close: () => {
            for (const open of streams.values()) open.end()
            session.close()
          },
          pause: () => session.pause(),
          resume: () => session.resume(),
          listen: (wanted) => {
            listener = wanted
            for (const [from, open] of streams) {
              open.onData((data) => wanted.onData(from, data))
              open.onEnd(() => wanted.onEnd(from))
            }
          },
        })
      },
      onClose: () => {
        clearTimeout(late)
        listener?.onClose()
        reject(new Error('the client went before it opened its streams'))
      },
    })
  })
}
