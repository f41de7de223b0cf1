import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { describeError } from '../../../native/error.ts'
import { listAt, numberAt, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { internalError, StatusError } from '../../api/status-error.ts'
import type { KeyPair } from '../certificates.ts'
import type { ResourceService } from '../resource-service.ts'
import type { KindRegistry } from '../kind-registry.ts'
import { agentProtocols } from './web-socket-channels.ts'

// How the server calls the agents of nodes: HTTPS to the address that the Node has, with a certificate of its own.

export interface AgentCredentials extends KeyPair {
  /** PEM of who signed the certificates of agents. */
  readonly authority: string
}

export interface AgentRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
}

export interface NodeAgents {
  /** @returns the response, its body not read yet @throws StatusError 404 for a node that is not there, 500 */
  request(node: string, request: AgentRequest): Promise<IncomingMessage>
  /** A WebSocket that speaks a channel protocol, paused. @throws StatusError as the agent says, or 500 */
  openChannels(node: string, path: string): Promise<WebSocket>
  /** A connection to a port inside a pod. @throws StatusError */
  dialPod(pod: KubeObject, port: number): Promise<Duplex>
}

const usualPort = 10_250
const answerMs = 30_000

export function makeNodeAgents(
  credentials: AgentCredentials,
  resources: ResourceService,
  registry: KindRegistry,
): NodeAgents {
  const { authority: ca, certificate: cert, key } = credentials
  async function addressOf(name: string): Promise<{ host: string; port: number }> {
    const node = await resources.get(registry.byKind('v1', 'Node')!, undefined, name)
    const addresses = listAt(node, ['status', 'addresses'])
    const internal = addresses.find(({ type }) => type === 'InternalIP')
    const host = textAt(internal ?? addresses[0], ['address'])
    if (!host) throw unreachable(name, 'the node has no address')
    const port = numberAt(node, ['status', 'daemonEndpoints', 'kubeletEndpoint', 'Port'])
    return { host, port: port ?? usualPort }
  }

  async function openChannels(node: string, path: string): Promise<WebSocket> {
    const { WebSocket: Socket } = await import('ws')
    const { host, port } = await addressOf(node)
    const socket = new Socket(`wss://${bracketed(host)}:${port}${path}`, agentProtocols, {
      ca,
      cert,
      key,
      perMessageDeflate: false,
      handshakeTimeout: answerMs,
    })
    return new Promise((resolve, reject) => {
      socket.on('open', () => {
        // Nothing is lost until somebody listens.
        socket.pause()
        resolve(socket)
      })
      socket.on('error', (error) => reject(unreachable(node, describeError(error))))
      socket.on('unexpected-response', (_request, response) => {
        void readText(response).then((text) => {
          reject(refused(response.statusCode ?? 500, text))
          socket.terminate()
        })
      })
    })
  }

  return {
    openChannels,
    request: async (node, { method, path, headers = {}, body }) => {
      const { request } = await import('node:https')
      const { host, port } = await addressOf(node)
      return new Promise((resolve, reject) => {
        const options = { host, port, path, method, headers, ca, cert, key }
        const call = request(options, resolve)
        call.setTimeout(answerMs, () => call.destroy(new Error('no answer in time')))
        call.on('response', () => call.setTimeout(0))
        call.on('error', (error) => reject(unreachable(node, describeError(error))))
        call.end(body)
      })
    },
    dialPod: async ({ metadata, spec }, port) => {
      const node = textAt(spec, ['nodeName'])
      if (!node) throw internalError(`pod ${metadata.name} is on no node yet`)
      const path = `/portForward/${metadata.namespace}/${metadata.name}?port=${port}`
      const socket = await openChannels(node, path)
      const { channelDuplex } = await import('./channel-duplex.ts')
      return channelDuplex(socket)
    },
  }
}

const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host)

function unreachable(node: string, why: string): StatusError {
  return internalError(`error dialing backend: call the agent of node ${node}: ${why}`)
}

function refused(code: number, text: string): StatusError {
  const reasons: Readonly<Record<number, string>> = { 400: 'BadRequest', 404: 'NotFound' }
  const reason = reasons[code] ?? 'InternalError'
  return new StatusError(code >= 400 ? code : 500, reason, messageIn(text) || `HTTP ${code}`)
}

/** Agents say what is wrong as text, or as a Status. */
function messageIn(text: string): string {
  try {
    return textAt(JSON.parse(text), ['message']) ?? text.trim()
  } catch {
    return text.trim()
  }
}

const longestError = 64 * 1024

export async function readText(response: IncomingMessage, longest = longestError): Promise<string> {
  let text = ''
  response.setEncoding('utf8')
  try {
    for await (const chunk of response) {
      text += chunk as string
      if (text.length > longest) break
    }
  } catch {
    // What has been read of it is what there is to tell.
  }
  return text
}

/** What the agent says is wrong, as an error of ours. */
export async function agentError(response: IncomingMessage): Promise<StatusError> {
  return refused(response.statusCode ?? 500, await readText(response))
}
