import { badRequest } from '../../api/status-error.ts'
import type { Connector } from '../api-context.ts'
import type { TakeoverResponse } from '../http-message.ts'
import { acceptSpdy, acceptWebSocket, chooseSubprotocol } from './accept-upgrade.ts'
import { joinChannels } from './channels.ts'
import type { Channels } from './channels.ts'
import type { NodeAgents } from './node-agents.ts'
import { agentPath, chooseContainer, nodeOf, readPod } from './pod-target.ts'
import type { ConnectorTools } from './pod-target.ts'
import { acceptSpdyChannels, spdyCommandProtocols } from './spdy-channels.ts'
import { channelProtocols, webSocketChannels } from './web-socket-channels.ts'

// `exec` and `attach`: the client speaks WebSocket or SPDY, the agent WebSocket.

const isTrue = (value: string | null) => value === 'true' || value === '1'
/** What clients call the streams, and what agents do. */
const streams = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
] as const

/** @throws StatusError 400 for streams that make no sense together */
function agentQuery(query: URLSearchParams, action: string): URLSearchParams {
  const result = new URLSearchParams()
  for (const [name, agentName] of streams) if (isTrue(query.get(name))) result.set(agentName, '1')
  // A terminal has one output.
  if (result.has('tty')) result.delete('error')
  if (!result.has('input') && !result.has('output') && !result.has('error'))
    throw badRequest('you must specify at least one of stdin, stdout, stderr')
  if (action !== 'exec') return result
  const command = query.getAll('command')
  if (command.length === 0)
    throw badRequest('you must specify at least one command for the container')
  for (const word of command) result.append('command', word)
  return result
}

/** How many streams a SPDY client opens: those it asks for, that of the error, and sizes of a terminal. */
function streamCount(query: URLSearchParams): number {
  const wanted = ['input', 'output', 'error', 'tty'].filter((name) => query.has(name))
  return wanted.length + 1
}

export function makeCommandConnector(
  action: 'exec' | 'attach',
  tools: ConnectorTools,
  agents: NodeAgents,
): Connector {
  return async (request, target) => {
    const pod = await readPod(tools, target)
    const container = chooseContainer(pod, request.query.get('container'))
    const query = agentQuery(request.query, action)
    const { upgrade } = request
    if (upgrade !== 'websocket' && upgrade !== 'spdy/3.1')
      throw badRequest('Upgrade request required')
    const protocol = upgrade === 'websocket' ? chooseSubprotocol(request, channelProtocols) : ''
    const path = `${agentPath(action, pod, container)}?${query.toString()}`
    const agent = await agents.openChannels(nodeOf(pod), path)
    let isJoined = false
    const join = (client: Channels) => {
      isJoined = true
      joinChannels(client, webSocketChannels(agent, { statusOnError: true }))
      agent.resume()
    }
    const accept = async (): Promise<TakeoverResponse> =>
      upgrade === 'websocket'
        ? acceptWebSocket(protocol, (socket) =>
            join(webSocketChannels(socket, { statusOnError: true })),
          )
        : acceptSpdy(request, spdyCommandProtocols, (socket) => {
            acceptSpdyChannels(socket, streamCount(query)).then(join, () => agent.terminate())
          })
    return abandoning(accept, () => {
      if (!isJoined) agent.terminate()
    })
  }
}

/** A client whose handshake fails, or that goes before it is over, leaves nothing open behind us. */
async function abandoning(
  accept: () => Promise<TakeoverResponse>,
  abandon: () => void,
): Promise<TakeoverResponse> {
  try {
    const response = await accept()
    return {
      ...response,
      takeOver: (connection) => {
        connection.socket.once('close', abandon)
        response.takeOver(connection)
      },
    }
  } catch (error) {
    abandon()
    throw error
  }
}
