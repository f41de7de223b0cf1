import { createServer } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import type { Test } from 'tap'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { issueCertificate } from '../../../../orchestrator/server/certificates.ts'
import type { KeyPair } from '../../../../orchestrator/server/certificates.ts'

export interface StandInAgent {
  readonly port: number
  /** Paths that were asked for, with their queries. */
  readonly requests: string[]
}

// What a node's agent answers, without a node: an `exec` that repeats its input in capitals, a log, and ports of this
// machine in place of those of a pod.

export async function startAgent(t: Test, authority: KeyPair): Promise<StandInAgent> {
  const pair = await issueCertificate(authority, {
    commonName: 'system:node:n1',
    organizations: ['system:nodes'],
    hosts: ['127.0.0.1'],
    usage: 'server',
  })
  const requests: string[] = []
  const server = createServer(
    {
      key: pair.key,
      cert: pair.certificate,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      requests.push(request.url ?? '')
      if (request.url?.startsWith('/containerLogs/')) {
        response.writeHead(200, { 'content-type': 'text/plain' })
        response.write('one\n')
        response.end('two\n')
        return
      }
      if (request.url === '/stats/summary') {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(summary))
        return
      }
      response.writeHead(request.url === '/healthz' ? 200 : 404, { 'content-type': 'text/plain' })
      response.end(request.url === '/healthz' ? 'ok' : 'nothing there')
    },
  )
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => [...offered][0] ?? false,
  })
  const connections = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    requests.push(request.url ?? '')
    const url = new URL(request.url ?? '', 'https://node')
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      if (url.pathname.startsWith('/portForward/')) forward(accepted, url)
      else command(accepted, url)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  t.teardown(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of connections) socket.destroy()
      }),
  )
  return { port: (server.address() as AddressInfo).port, requests }
}

const usage = (cores: number, bytes: number) => ({
  cpu: { time: '2026-01-01T00:00:00Z', usageNanoCores: cores * 1e9 },
  memory: { workingSetBytes: bytes },
})
const summary = {
  node: { nodeName: 'n1', ...usage(0.25, 1024 * 1024) },
  pods: [
    {
      podRef: { name: 'p1', namespace: 'default', uid: 'u' },
      containers: [{ name: 'c', ...usage(0.001, 512 * 1024) }],
    },
  ],
}

const message = (channel: number, data: Buffer) => Buffer.concat([Buffer.from([channel]), data])

function command(socket: WebSocket, { searchParams }: URL): void {
  const send = (channel: number, text: string) =>
    socket.send(message(channel, Buffer.from(text)), { binary: true })
  const words = searchParams.getAll('command')
  const finish = (code: number) => {
    const failure = {
      metadata: {},
      status: 'Failure',
      reason: 'NonZeroExitCode',
      message: `command terminated with non-zero exit code: exit status ${code}`,
      details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
    }
    send(3, JSON.stringify(code === 0 ? { metadata: {}, status: 'Success' } : failure))
    socket.close(1000)
  }
  if (words[0] === 'exit') {
    send(1, 'out\n')
    send(2, 'err\n')
    finish(Number(words[1]))
    return
  }
  // As `head -c`, so that clients which cannot end their input are served too.
  let left = Number(words[1] ?? Infinity)
  socket.on('message', (bytes) => {
    if (bytes[0] === 255) return finish(0)
    if (bytes[0] === 4) return send(1, `size ${bytes.subarray(1).toString().trim()}\n`)
    if (bytes[0] !== 0) return
    send(1, bytes.subarray(1).toString().toUpperCase())
    left -= bytes.length - 1
    if (left <= 0) finish(0)
  })
}

function forward(socket: WebSocket, { searchParams }: URL): void {
  for (const [index, port] of searchParams.getAll('port').entries()) {
    const prefix = Buffer.alloc(2)
    prefix.writeUInt16LE(Number(port))
    socket.send(message(2 * index, prefix), { binary: true })
    socket.send(message(2 * index + 1, prefix), { binary: true })
    const target = connect({ host: '127.0.0.1', port: Number(port), allowHalfOpen: true })
    target.on('data', (data: Buffer) => socket.send(message(2 * index, data), { binary: true }))
    target.on('end', () => socket.close())
    target.on('error', (error) =>
      socket.send(message(2 * index + 1, Buffer.from(error.message)), { binary: true }, () =>
        socket.close(),
      ),
    )
    socket.on('message', (bytes) => {
      if (bytes[0] === 2 * index) target.write(bytes.subarray(1))
      else if (bytes[0] === 255 && bytes[1] === 2 * index) target.end()
    })
    socket.on('close', () => target.destroy())
  }
}
