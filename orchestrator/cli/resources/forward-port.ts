import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { KubeObject } from '../../api/object.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'

export interface ForwardedPort {
  /** 0: any that is free. */
  readonly local: number
  readonly remote: number
}

export interface Forwarding {
  readonly ports: readonly ForwardedPort[]
  readonly addresses: readonly string[]
  readonly signal: AbortSignal
}

const channel = { data: 0, error: 1, close: 255 } as const
/** Each channel begins with its port. */
const headLength = 2

/** Listen here until the signal. @throws CommandFailure where that is not possible at any address */
export async function forwardPorts(
  session: Session,
  { metadata }: KubeObject,
  { ports, addresses, signal }: Forwarding,
): Promise<void> {
  const path = `/api/v1/namespaces/${metadata.namespace ?? ''}/pods/${metadata.name ?? ''}/portforward`
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  try {
    for (const port of ports) {
      const open = (socket: Socket): void => {
        sockets.add(socket)
        socket.on('close', () => sockets.delete(socket))
        void forward(session, `${path}?ports=${port.remote}`, socket, port)
      }
      servers.push(...(await listenEverywhere(port, addresses, open)))
    }
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve())
    })
  } finally {
    for (const server of servers) server.close()
    for (const socket of sockets) socket.destroy()
  }
}

/** `localhost` is both of its addresses, of which one may be missing; they have one port. */
async function listenEverywhere(
  port: ForwardedPort,
  addresses: readonly string[],
  open: (socket: Socket) => void,
): Promise<Server[]> {
  const servers: Server[] = []
  let { local } = port
  for (const address of addresses) {
    const hosts = address === 'localhost' ? ['127.0.0.1', '::1'] : [address]
    const failures: Error[] = []
    for (const host of hosts)
      try {
        const server = await listen(host, local, open)
        const { port: taken } = server.address() as AddressInfo
        local = taken
        servers.push(server)
        const shown = host.includes(':') ? `[${host}]` : host
        process.stdout.write(`Forwarding from ${shown}:${taken} -> ${port.remote}\n`)
      } catch (error) {
        failures.push(error as Error)
      }
    const [failure] = failures
    if (failure && failures.length === hosts.length)
      throw new CommandFailure(
        `unable to listen on any of the requested ports: [{${local} ${port.remote}}]: ${failure.message}`,
      )
  }
  return servers
}

function listen(host: string, port: number, open: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ allowHalfOpen: true }, open)
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}

/** One connection is one WebSocket. */
async function forward(
  session: Session,
  path: string,
  socket: Socket,
  { remote }: ForwardedPort,
): Promise<void> {
  process.stdout.write(`Handling connection for ${socket.localPort ?? ''}\n`)
  socket.on('error', () => undefined)
  try {
    join(await session.upgrade(path, ['v5.channel.k8s.io', 'v4.channel.k8s.io']), socket, remote)
  } catch (error) {
    process.stderr.write(
      `an error occurred forwarding ${socket.localPort ?? ''} -> ${remote}: ${(error as Error).message}\n`,
    )
    socket.destroy()
  }
}

function join(far: WebSocket, near: Socket, remote: number): void {
  const seen = [0, 0]
  far.on('message', (message) => {
    const number = message[0]!
    if (number === channel.close) {
      if (message[1] === channel.data) near.end()
      return
    }
    const before = seen[number] ?? headLength
    seen[number] = before + message.length - 1
    const data = message.subarray(1 + Math.max(0, headLength - before))
    if (data.length === 0) return
    if (number === channel.error)
      process.stderr.write(
        `an error occurred forwarding ${near.localPort ?? ''} -> ${remote}: ${data.toString()}\n`,
      )
    else if (!near.write(data)) pauseFor(far, near)
  })
  far.on('close', () => near.end())
  far.on('error', () => near.destroy())
  near.on('data', (data: Buffer) => {
    near.pause()
    far.send(Buffer.concat([Buffer.from([channel.data]), data]), { binary: true }, () =>
      near.resume(),
    )
  })
  near.on('end', () => {
    if (far.protocol.startsWith('v5'))
      far.send(Buffer.from([channel.close, channel.data]), { binary: true })
    else far.close()
  })
  near.on('close', () => far.close())
}

function pauseFor(far: WebSocket, near: Socket): void {
  far.pause()
  near.once('drain', () => far.resume())
}
