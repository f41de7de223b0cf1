import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { describeError } from '../../../native/error.ts'
import { StatusError } from '../../api/status-error.ts'
import type { AgentMetrics } from './agent-metrics.ts'
import { requireCaller } from './agent-request.ts'
import { answerRequest } from './answer-request.ts'
import type { ServedPods } from './served-pods.ts'
import { startUpgrades } from './upgrade-request.ts'

// The agent's HTTPS server, with the kubelet's paths: what the API server calls for logs, exec and numbers.

export interface NodeServerOptions {
  readonly host: string
  /** Zero: any free port. Default 10250. */
  readonly port?: number
  /** PEM. */
  readonly certificate: string
  readonly key: string
  /** PEM of who signs the server's certificate. */
  readonly authority: string
  readonly pods: ServedPods
  readonly metrics: AgentMetrics
}

export interface NodeServer {
  readonly port: number
  /** @param next a renewed certificate */
  renew(next: { readonly certificate: string; readonly key: string }): void
  /** End all connections too. */
  close(): Promise<void>
}

const usualPort = 10_250

/** @throws {Error} `EADDRINUSE` and others of listen(2) */
export async function startNodeServer(options: NodeServerOptions): Promise<NodeServer> {
  const { createServer } = await import('node:https')
  const server = createServer({
    cert: options.certificate,
    key: options.key,
    ca: options.authority,
    requestCert: true,
    // Whoever has none is told so.
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => undefined)
  server.on('request', (request, response) => void respond(options, request, response))
  const upgrade = await startUpgrades(options.pods)
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => undefined)
    try {
      requireCaller(request.socket as TLSSocket)
      upgrade(request, socket, head)
    } catch (error) {
      refuseUpgrade(socket, error)
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? usualPort, options.host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    renew: ({ certificate, key }) =>
      server.setSecureContext({ cert: certificate, key, ca: options.authority }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

async function respond(
  { pods, metrics }: NodeServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    requireCaller(request.socket as TLSSocket)
    await answerRequest({ pods, metrics }, request, response)
  } catch (error) {
    if (response.headersSent) return void response.destroy()
    const { code, text } = describe(error)
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
  }
}

function describe(error: unknown): { code: number; text: string } {
  if (error instanceof StatusError) return { code: error.status.code, text: error.message }
  return { code: 500, text: describeError(error) }
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const { code, text } = describe(error)
  const head = `HTTP/1.1 ${code} Refused\r\ncontent-type: text/plain\r\nconnection: close`
  socket.end(`${head}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
}
