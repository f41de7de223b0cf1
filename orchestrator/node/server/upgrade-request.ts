import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { StatusError, badRequest } from '../../api/status-error.ts'
import { channelProtocols, webSocketChannels } from '../../server/streaming/web-socket-channels.ts'
import { podNamed, readPorts, readStreams, readTarget, runningContainer } from './agent-request.ts'
import { serveCommand } from './serve-command.ts'
import { servePortForward } from './serve-port-forward.ts'
import type { ServedPods } from './served-pods.ts'

/** What to do with a connection once it speaks WebSocket. */
type Session = (socket: WebSocket) => Promise<void>

const largestMessage = 64 * 1024 * 1024

/** @returns what takes a request for exec, attach or a port; it throws a StatusError before it has upgraded */
export async function startUpgrades(
  pods: ServedPods,
): Promise<(request: IncomingMessage, socket: Duplex, head: Buffer) => void> {
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: largestMessage,
    handleProtocols: (offered) => channelProtocols.find((name) => offered.has(name)) ?? false,
  })
  return (request, socket, head) => {
    const session = sessionOf(pods, request)
    server.handleUpgrade(request, socket, head, (it) => {
      // Nothing is to arrive before somebody listens.
      it.pause()
      it.on('error', () => undefined)
      const stopPings = keepAlive(it)
      void session(it).finally(stopPings)
    })
  }
}

function sessionOf(pods: ServedPods, request: IncomingMessage): Session {
  const { parts, searchParams } = readTarget(request.url)
  const [, verb = '', namespace = '', name = '', ...rest] = parts
  // With the pod's uid between the names, as old clients send it.
  const container = rest.at(-1) ?? ''
  switch (verb) {
    case 'exec':
      return execSession(pods, { namespace, name, container, query: searchParams })
    case 'attach':
      return attachSession(pods, { namespace, name, container, query: searchParams })
    case 'portForward': {
      const pod = podNamed(pods, namespace, name)
      const ports = readPorts(searchParams)
      return (socket) => {
        const channels = webSocketChannels(socket, { statusOnError: false })
        return servePortForward(channels, ports, (port) => pods.dialPod(pod, port))
      }
    }
    default:
      throw new StatusError(404, 'NotFound', '404 page not found')
  }
}

interface CommandTarget {
  readonly namespace: string
  readonly name: string
  readonly container: string
  readonly query: URLSearchParams
}

function execSession(pods: ServedPods, { query, ...target }: CommandTarget): Session {
  const pod = podNamed(pods, target.namespace, target.name)
  const container = runningContainer(pods, pod, target.container)
  const streams = readStreams(query)
  const command = query.getAll('command')
  if (command.length === 0) throw badRequest('you must specify at least 1 command')
  const { stdin, tty } = streams
  return (socket) =>
    serveCommand(
      webSocketChannels(socket, { statusOnError: true }),
      streams,
      () => pods.exec(container, { command, stdin, tty }),
      'exit-code',
    )
}

function attachSession(pods: ServedPods, { query, ...target }: CommandTarget): Session {
  const pod = podNamed(pods, target.namespace, target.name)
  const container = runningContainer(pods, pod, target.container)
  const streams = readStreams(query)
  return (socket) =>
    serveCommand(
      webSocketChannels(socket, { statusOnError: true }),
      streams,
      () => pods.attach(container, streams),
      'success',
    )
}

const pingMs = 30_000

/** A peer that has gone without a word is noticed after two of these. */
function keepAlive(socket: WebSocket): () => void {
  let isAlive = true
  socket.on('pong', () => (isAlive = true))
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, pingMs)
  timer.unref()
  socket.on('close', () => clearInterval(timer))
  return () => clearInterval(timer)
}
