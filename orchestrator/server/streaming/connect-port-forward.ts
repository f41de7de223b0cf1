import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { describeError } from '../../../native/error.ts'
import { badRequest } from '../../api/status-error.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Connector } from '../api-context.ts'
import type { ApiRequest } from '../http-message.ts'
import { acceptSpdy, acceptWebSocket, chooseSubprotocol } from './accept-upgrade.ts'
import { joinChannels } from './channels.ts'
import type { NodeAgents } from './node-agents.ts'
import { agentPath, nodeOf, readPod } from './pod-target.ts'
import type { ConnectorTools } from './pod-target.ts'
import { serveSpdy } from './spdy/session.ts'
import type { SpdyStream } from './spdy/session.ts'
import { channelProtocols, webSocketChannels } from './web-socket-channels.ts'

// Ports of a pod. Clients come in three ways: SPDY streams in pairs, the same inside a WebSocket (a tunnel), or two
// channels for each port that the query names. The agent knows the last one only.

const spdyProtocol = 'portforward.k8s.io'
const tunnelProtocol = `SPDY/3.1+${spdyProtocol}`

export function makePortForwardConnector(tools: ConnectorTools, agents: NodeAgents): Connector {
  return async (request, target) => {
    const pod = await readPod(tools, target)
    const node = nodeOf(pod)
    const open = (ports: readonly number[]) => {
      const query = new URLSearchParams(ports.map((port) => ['port', String(port)]))
      return agents.openChannels(node, `${agentPath('portForward', pod)}?${query.toString()}`)
    }
    const serve = (socket: Duplex) => serveStreams(pod, socket, (port) => open([port]))
    if (request.upgrade === 'spdy/3.1') return acceptSpdy(request, [spdyProtocol], serve)
    if (request.upgrade !== 'websocket') throw badRequest('Upgrade request required')
    const protocol = chooseSubprotocol(request, [tunnelProtocol, ...channelProtocols])
    if (protocol === tunnelProtocol) {
      const { createWebSocketStream } = await import('ws')
      return acceptWebSocket(protocol, (socket) => serve(createWebSocketStream(socket)))
    }
    const agent = await open(portsOf(request))
    return acceptWebSocket(protocol, (socket) => {
      const options = { statusOnError: false }
      joinChannels(webSocketChannels(socket, options), webSocketChannels(agent, options))
      agent.resume()
    })
  }
}

/** @throws StatusError 400 */
function portsOf({ query }: ApiRequest): number[] {
  const words = [...query.getAll('ports'), ...query.getAll('port')]
  const ports = words.flatMap((word) => word.split(',')).map(Number)
  if (ports.length === 0) throw badRequest('you must specify at least 1 port')
  for (const port of ports) requirePort(port)
  return ports
}

function requirePort(port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw badRequest(`unable to parse port ${port}: it must be from 1 to 65535`)
}

interface Pair {
  data?: SpdyStream
  error?: SpdyStream
}

/** Each pair of streams with one request's number is a connection to a port. */
function serveStreams(
  pod: KubeObject,
  socket: Duplex,
  open: (port: number) => Promise<WebSocket>,
): void {
  const waiting = new Map<string, Pair>()
  const agents = new Set<WebSocket>()
  serveSpdy(socket, {
    onStream: (stream) => {
      const type = stream.headers['streamtype']
      const id = stream.headers['requestid'] ?? stream.headers['port'] ?? ''
      const pair = waiting.get(id) ?? {}
      waiting.set(id, pair)
      if (type === 'error') pair.error = stream
      else if (type === 'data') pair.data = stream
      const { data, error } = pair
      if (!data || !error) return
      waiting.delete(id)
      void connect(pod, data, error, async (port) => {
        const agent = await open(port)
        agents.add(agent)
        agent.on('close', () => agents.delete(agent))
        return agent
      })
    },
    onClose: () => {
      for (const agent of agents) agent.close()
    },
  })
}

const dataChannel = 0

async function connect(
  { metadata }: KubeObject,
  data: SpdyStream,
  error: SpdyStream,
  open: (port: number) => Promise<WebSocket>,
): Promise<void> {
  const port = Number(data.headers['port'])
  try {
    requirePort(port)
    join(await open(port), data, error)
  } catch (failure) {
    const why = `error forwarding port ${port} to pod ${metadata.name}: ${describeError(failure)}`
    error.write(Buffer.from(why))
    error.end()
    data.end()
  }
}

function join(agent: WebSocket, data: SpdyStream, error: SpdyStream): void {
  const channels = webSocketChannels(agent, { statusOnError: false })
  // Each channel begins with the number of its port.
  const toSkip = new Map([
    [0, 2],
    [1, 2],
  ])
  channels.listen({
    onData: (number, bytes) => {
      const skip = Math.min(toSkip.get(number) ?? 0, bytes.length)
      toSkip.set(number, (toSkip.get(number) ?? 0) - skip)
      const rest = bytes.subarray(skip)
      if (rest.length === 0) return
      if (number !== dataChannel) return error.write(rest)
      channels.pause()
      data.write(rest, () => channels.resume())
    },
    onEnd: (number) => (number === dataChannel ? data : error).end(),
    onClose: () => {
      data.end()
      error.end()
    },
  })
  data.onData((bytes) => channels.send(dataChannel, bytes, () => undefined))
  data.onEnd(() => channels.end(dataChannel))
  channels.resume()
}
