import type { WebSocket } from 'ws'
import { isObject, textAt } from '../../api/object.ts'
import { channel } from './channels.ts'
import type { ChannelListener, Channels } from './channels.ts'

// The channel subprotocols: the first byte of a message is its channel; from v5 on channel 255 ends the one that the
// next byte names. https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets

const v5 = 'v5.channel.k8s.io'
const v4 = 'v4.channel.k8s.io'
const v4Text = 'v4.base64.channel.k8s.io'
const v1 = 'channel.k8s.io'
const v1Text = 'base64.channel.k8s.io'
/** What a server accepts, best first. */
export const channelProtocols = [v5, v4, v4Text, v1, v1Text] as const
/** What is asked of agents. */
export const agentProtocols = [v5, v4] as const

const closeChannel = 255
const usualClose = 1000

export interface WebSocketChannelOptions {
  /** Errors are a Status in v4 and later, and text before; of `exec`, not of forwarded ports. */
  readonly statusOnError: boolean
}

export function webSocketChannels(
  socket: WebSocket,
  { statusOnError }: WebSocketChannelOptions,
): Channels {
  const { protocol } = socket
  const isText = protocol === v4Text || protocol === v1Text
  const isOld = protocol === v1 || protocol === v1Text || protocol === ''
  // A client that goes without a word is no reason to end.
  socket.on('error', () => undefined)
  const encode = (number: number, data: Buffer): Buffer | string =>
    isText ? `${number}${data.toString('base64')}` : Buffer.concat([Buffer.from([number]), data])
  return {
    send: (number, data, done) => {
      const shown = isOld && statusOnError && number === channel.error ? errorText(data) : data
      if (shown) socket.send(encode(number, shown), { binary: !isText }, () => done())
      else done()
    },
    end: (number) => {
      if (protocol === v5) socket.send(Buffer.from([closeChannel, number]), { binary: true })
    },
    close: () => socket.close(usualClose),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    listen: (listener) => listen(socket, isText, protocol === v5, listener),
  }
}

function listen(
  socket: WebSocket,
  isText: boolean,
  endsChannels: boolean,
  listener: ChannelListener,
): void {
  socket.on('message', (message) => {
    if (message.length === 0) return
    const number = isText ? message[0]! - 0x30 : message[0]!
    if (endsChannels && number === closeChannel) {
      if (message.length === 2) listener.onEnd(message[1]!)
      return
    }
    const data = message.subarray(1)
    // Clients send an empty message to try the connection.
    if (data.length > 0)
      listener.onData(number, isText ? Buffer.from(data.toString('latin1'), 'base64') : data)
  })
  socket.on('close', () => listener.onClose())
}

/** @returns nothing where the Status is that all went well */
function errorText(data: Buffer): Buffer | undefined {
  try {
    const status: unknown = JSON.parse(data.toString())
    if (!isObject(status)) return data
    return status['status'] === 'Success'
      ? undefined
      : Buffer.from(textAt(status, ['message']) ?? '')
  } catch {
    return data
  }
}
