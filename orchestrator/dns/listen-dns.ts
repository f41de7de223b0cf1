import { createSocket } from 'node:dgram'
import type { Socket as DatagramSocket } from 'node:dgram'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { frame, frameReader } from '../../runtime/network/dns-forward.ts'
import type { Resolve } from './resolver.ts'

const idleMs = 10_000

/** Answer on one address, over UDP and TCP. @returns how to end it */
export async function listenDns(
  address: string,
  port: number,
  resolve: Resolve,
): Promise<() => Promise<void>> {
  const udp = await listenUdp(address, port, resolve)
  const connections = new Set<Socket>()
  try {
    const tcp = await listenTcp(address, port, resolve, connections)
    return async () => {
      for (const connection of connections) connection.destroy()
      await Promise.all([
        new Promise<void>((done) => udp.close(() => done())),
        new Promise<void>((done) => tcp.close(() => done())),
      ])
    }
  } catch (error) {
    udp.close()
    throw error
  }
}

async function listenUdp(address: string, port: number, resolve: Resolve): Promise<DatagramSocket> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  let isOpen = true
  socket.on('close', () => (isOpen = false))
  socket.on('message', (question, client) => {
    void answer(resolve, question, 'udp').then((reply) => {
      if (reply && isOpen) socket.send(reply, client.port, client.address)
    })
  })
  await new Promise<void>((done, reject) => {
    socket.once('error', reject)
    socket.bind(port, address, done)
  })
  // A client that is gone is no reason to end.
  socket.on('error', () => undefined)
  return socket
}

/** A question that we fail at is one without an answer: who asked asks again. */
async function answer(
  resolve: Resolve,
  question: Uint8Array,
  transport: 'udp' | 'tcp',
): Promise<Uint8Array | undefined> {
  return resolve(question, transport).catch(() => undefined)
}

async function listenTcp(
  address: string,
  port: number,
  resolve: Resolve,
  connections: Set<Socket>,
): Promise<Server> {
  const server = createServer((client) => {
    connections.add(client)
    client.on('close', () => connections.delete(client))
    client.setTimeout(idleMs, () => client.destroy())
    client.on('error', () => client.destroy())
    const read = frameReader((question) => {
      void answer(resolve, question, 'tcp').then((reply) => {
        if (reply && client.writable) client.write(frame(reply))
      })
    })
    client.on('data', read)
  })
  await new Promise<void>((done, reject) => {
    server.once('error', reject)
    server.listen(port, address, done)
  })
  return server
}
