import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { webSocketChannels } from './web-socket-channels.ts'

const dataChannel = 0
const errorChannel = 1
/** The first message of each channel names the port. */
const portBytes = 2

/** One forwarded port of an agent's WebSocket as a stream of bytes. */
export function channelDuplex(socket: WebSocket): Duplex {
  const channels = webSocketChannels(socket, { statusOnError: false })
  let toSkip = portBytes
  let errorToSkip = portBytes
  const stream = new Duplex({
    allowHalfOpen: true,
    read: () => channels.resume(),
    write: (chunk: Buffer, _encoding, done) => channels.send(dataChannel, chunk, done),
    final: (done) => {
      channels.end(dataChannel)
      done()
    },
    destroy: (error, done) => {
      channels.close()
      done(error)
    },
  })
  const push = (data: Buffer) => {
    if (!stream.push(data)) channels.pause()
  }
  let ended = false
  const end = () => {
    if (!ended) stream.push(null)
    ended = true
  }
  channels.listen({
    onData: (number, data) => {
      if (number === dataChannel) {
        const skipped = Math.min(toSkip, data.length)
        toSkip -= skipped
        if (data.length > skipped) push(data.subarray(skipped))
      } else if (number === errorChannel) {
        const skipped = Math.min(errorToSkip, data.length)
        errorToSkip -= skipped
        if (data.length > skipped) stream.destroy(new Error(data.subarray(skipped).toString()))
      }
    },
    onEnd: (number) => {
      if (number === dataChannel) end()
    },
    onClose: end,
  })
  channels.resume()
  return stream
}
