import type { IncomingMessage } from 'node:http'
import { badRequest } from '../../api/status-error.ts'
import type { Connector } from '../api-context.ts'
import type { StreamResponse } from '../http-message.ts'
import { agentError } from './node-agents.ts'
import type { NodeAgents } from './node-agents.ts'
import { agentPath, chooseContainer, readPod } from './pod-target.ts'
import type { ConnectorTools } from './pod-target.ts'

const passed = [
  'follow',
  'tailLines',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'limitBytes',
  'previous',
  'stream',
] as const
const amounts = ['tailLines', 'sinceSeconds', 'limitBytes'] as const

/** `pods/log`: what the agent of the pod's node has. */
export function makeLogConnector(tools: ConnectorTools, agents: NodeAgents): Connector {
  return async ({ query }, target) => {
    const pod = await readPod(tools, target)
    const container = chooseContainer(pod, query.get('container'))
    for (const name of amounts) {
      const value = query.get(name)
      if (value !== null && !/^\d+$/.test(value))
        throw badRequest(`${name}: Invalid value: ${JSON.stringify(value)}: must be a number`)
    }
    if (query.has('sinceSeconds') && query.has('sinceTime'))
      throw badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified')
    const node = pod.spec?.['nodeName']
    // A pod that is on no node yet has said nothing.
    if (typeof node !== 'string' || node === '')
      return { code: 200, headers: { 'content-type': 'text/plain' }, body: '' }
    const wanted = new URLSearchParams()
    for (const name of passed) {
      const value = query.get(name)
      if (value !== null) wanted.set(name, value)
    }
    const path = `${agentPath('containerLogs', pod, container)}?${wanted.toString()}`
    const response = await agents.request(node, { method: 'GET', path })
    if (response.statusCode !== 200) throw await agentError(response)
    return streamOf(response, 200, { 'content-type': 'text/plain' })
  }
}

/** What an agent sends, as it comes. */
export function streamOf(
  response: IncomingMessage,
  code: number,
  headers: Record<string, string>,
): StreamResponse {
  return {
    code,
    headers,
    stream: (sink) => {
      response.on('data', (chunk: Buffer) => {
        if (!sink.write(chunk)) response.pause()
      })
      sink.onDrain(() => void response.resume())
      response.on('end', () => sink.end())
      response.on('error', () => sink.end())
      sink.onClose(() => void response.destroy())
    },
  }
}
