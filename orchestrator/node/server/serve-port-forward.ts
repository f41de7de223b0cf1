import type { Duplex } from 'node:stream'
import { describeError } from '../../../native/error.ts'
import type { Channels } from '../../server/streaming/channels.ts'

// The WebSocket form of port forwarding: two channels a port, data and error, each beginning with the port's number.

interface Forward {
  readonly port: number
  readonly data: number
  readonly error: number
  readonly connection: Promise<Duplex | undefined>
}

/**
 * Connect each port to its pair of channels. Ends when all connections have ended, or the client has gone.
 *
 * @param ports in the order of the query
 */
export async function servePortForward(
  channels: Channels,
  ports: readonly number[],
  dial: (port: number) => Promise<Duplex>,
): Promise<void> {
  const forwards = ports.map((port, index): Forward => {
    const [data, error] = [2 * index, 2 * index + 1]
    sendPort(channels, data, port)
    sendPort(channels, error, port)
    return { port, data, error, connection: connect(channels, error, port, dial) }
  })
  const gone = Promise.withResolvers<void>()
  channels.listen({
    onData: (number, bytes) => {
      const forward = forwards.find(({ data }) => data === number)
      if (forward) void deliver(channels, forward, bytes)
    },
    onEnd: (number) => {
      const forward = forwards.find(({ data }) => data === number)
      void forward?.connection.then((connection) => connection?.end())
    },
    onClose: () => {
      for (const { connection } of forwards) void connection.then((it) => it?.destroy())
      gone.resolve()
    },
  })
  channels.resume()
  const all = Promise.all(forwards.map((forward) => sendAll(channels, forward)))
  await Promise.race([all, gone.promise])
  channels.close()
}

function sendPort(channels: Channels, to: number, port: number): void {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(port)
  channels.send(to, bytes, () => undefined)
}

async function connect(
  channels: Channels,
  to: number,
  port: number,
  dial: (port: number) => Promise<Duplex>,
): Promise<Duplex | undefined> {
  try {
    const connection = await dial(port)
    connection.on('error', () => undefined)
    return connection
  } catch (error) {
    const why = `error forwarding port ${port} to pod: ${describeError(error)}`
    await new Promise<void>((resolve) => channels.send(to, Buffer.from(why), resolve))
    return undefined
  }
}

async function deliver(channels: Channels, { connection }: Forward, bytes: Buffer): Promise<void> {
  const duplex = await connection
  if (!duplex || duplex.destroyed || duplex.writableEnded) return
  if (duplex.write(bytes)) return
  channels.pause()
  await new Promise<void>((resolve) => {
    duplex.once('drain', resolve)
    duplex.once('close', resolve)
  })
  channels.resume()
}

async function sendAll(channels: Channels, { connection, data }: Forward): Promise<void> {
  const duplex = await connection
  if (!duplex) return
  try {
    for await (const chunk of duplex)
      await new Promise<void>((resolve) => channels.send(data, chunk as Buffer, resolve))
  } catch {
    // Reset by the pod: for the client that is the end too.
  }
  channels.end(data)
}
