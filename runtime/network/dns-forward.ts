import { createSocket } from 'node:dgram'
import { connect } from 'node:net'

// Questions that a network's name server hands on, byte for byte: RFC 1035 4.2.

const port = 53
const timeoutMs = 2_000

/** The first answer of any server, asked one after the other; undefined where none answers. */
export async function forward(
  question: Uint8Array,
  servers: readonly string[],
  transport: 'udp' | 'tcp',
): Promise<Uint8Array | undefined> {
  for (const server of servers) {
    const answer = await (transport === 'udp' ? askUdp(question, server) : askTcp(question, server))
    if (answer) return answer
  }
  return undefined
}

function askUdp(question: Uint8Array, server: string): Promise<Uint8Array | undefined> {
  // A socket of its own for each question: the kernel picks a random port, which makes forged
  // answers hard (RFC 5452), and a connected one takes answers from that server only.
  const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4')
  return new Promise((resolve) => {
    const finish = (answer?: Uint8Array): void => {
      clearTimeout(timer)
      socket.close()
      resolve(answer)
    }
    const timer = setTimeout(finish, timeoutMs)
    socket.once('error', () => finish())
    socket.on('message', (answer: Uint8Array) => {
      if (answer[0] === question[0] && answer[1] === question[1]) finish(answer)
    })
    socket.connect(port, server, () => socket.send(question))
  })
}

function askTcp(question: Uint8Array, server: string): Promise<Uint8Array | undefined> {
  const socket = connect({ host: server, port, timeout: timeoutMs })
  return new Promise((resolve) => {
    const finish = (answer?: Uint8Array): void => {
      socket.destroy()
      resolve(answer)
    }
    const frames = frameReader(finish)
    socket.on('data', frames)
    socket.on('timeout', () => finish())
    socket.on('error', () => finish())
    socket.on('close', () => finish())
    socket.write(frame(question))
  })
}

/** A message with the two bytes of length that TCP puts in front. */
export function frame(message: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message])
}

/** Cuts a TCP stream into messages. */
export function frameReader(onMessage: (message: Uint8Array) => void): (chunk: Uint8Array) => void {
  let held: Buffer = Buffer.alloc(0)
  return (chunk) => {
    held = Buffer.concat([held, chunk])
    while (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) {
      const length = held.readUInt16BE(0)
      onMessage(held.subarray(2, 2 + length))
      held = held.subarray(2 + length)
    }
  }
}
