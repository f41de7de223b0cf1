import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { describeError } from '../../../native/error.ts'
import { listAt, numberAt, plainText, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { badRequest, serviceUnavailable } from '../../api/status-error.ts'
import { makeSelector, parseLabelSelector } from '../../api/selectors.ts'
import type { Store } from '../../store/store.ts'
import type { Connector } from '../api-context.ts'
import type { ApiRequest, ApiResponse } from '../http-message.ts'
import { everything, listObjects } from '../list-objects.ts'
import type { ResourceRequest } from '../request-info.ts'
import { streamOf } from './connect-log.ts'
import type { NodeAgents } from './node-agents.ts'
import { readPod } from './pod-target.ts'
import type { ConnectorTools } from './pod-target.ts'

// HTTP to pods, services and nodes, through the agents: the server itself need not be in the network of pods.

export interface ProxyTools extends ConnectorTools {
  readonly store: Store
}

interface ProxyName {
  readonly scheme: 'http' | 'https'
  readonly name: string
  readonly port: string
}

/** `web`, `web:8080`, `https:web:`. @throws StatusError 400 */
export function parseProxyName(text: string): ProxyName {
  const parts = text.split(':')
  const [scheme, name, port] =
    parts.length === 3 ? parts : ['http', parts[0], parts.length === 2 ? parts[1] : '']
  if ((scheme !== 'http' && scheme !== 'https' && scheme !== '') || !name || parts.length > 3)
    throw badRequest(`invalid name ${JSON.stringify(text)}: it must be [scheme:]name[:port]`)
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port: port ?? '' }
}

export function makePodProxy(tools: ConnectorTools, agents: NodeAgents): Connector {
  return async (request, target) => {
    const { scheme, name, port } = parseProxyName(target.name ?? '')
    const pod = await readPod(tools, { ...target, name })
    return throughPod(agents, pod, portNumber(pod, port), scheme, request, target)
  }
}

/** A port by its number or name; else the first that the pod names. @throws StatusError 400 */
function portNumber({ spec }: KubeObject, wanted: string): number {
  if (/^\d+$/.test(wanted)) return Number(wanted)
  const ports = listAt(spec, ['containers']).flatMap((container) => listAt(container, ['ports']))
  const found = wanted === '' ? ports[0] : ports.find((port) => port['name'] === wanted)
  if (wanted !== '' && !found) throw badRequest(`no port named ${JSON.stringify(wanted)}`)
  return numberAt(found, ['containerPort']) ?? 80
}

export function makeServiceProxy(tools: ProxyTools, agents: NodeAgents): Connector {
  return async (request, target) => {
    const { scheme, name, port } = parseProxyName(target.name ?? '')
    const service = await tools.resources.get(
      tools.registry.byKind('v1', 'Service')!,
      target.namespace,
      name,
    )
    const endpoint = await findEndpoint(tools, service, port)
    if (!endpoint)
      throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`)
    const pod = await readPod(tools, { ...target, name: endpoint.pod })
    return throughPod(agents, pod, endpoint.port, scheme, request, target)
  }
}

/** A ready pod behind a port of a service. @throws StatusError 503 for a port that the service has not */
async function findEndpoint(
  { store, registry }: ProxyTools,
  { metadata, spec }: KubeObject,
  wanted: string,
): Promise<{ pod: string; port: number } | undefined> {
  const ports = listAt(spec, ['ports'])
  const port =
    wanted === ''
      ? ports[0]
      : ports.find((one) => one['name'] === wanted || plainText(one['port']) === wanted)
  if (!port)
    throw serviceUnavailable(
      `no service port ${JSON.stringify(wanted)} found for service ${JSON.stringify(metadata.name)}`,
    )
  const kind = registry.byKind('discovery.k8s.io/v1', 'EndpointSlice')!
  const label = `kubernetes.io/service-name=${metadata.name}`
  const slices = await listObjects(store, kind, {
    ...everything,
    namespace: metadata.namespace,
    select: makeSelector(parseLabelSelector(label), []),
  })
  const found = slices.items.flatMap((slice) => {
    const number = listAt(slice, ['ports']).find(
      (one) => (one['name'] ?? '') === (port['name'] ?? ''),
    )
    const target = numberAt(number, ['port'])
    if (target === undefined) return []
    return listAt(slice, ['endpoints']).flatMap((endpoint) => {
      const pod = textAt(endpoint, ['targetRef', 'name'])
      const conditions = endpoint['conditions'] as { ready?: boolean } | undefined
      return pod && conditions?.ready !== false ? [{ pod, port: target }] : []
    })
  })
  return found[Math.floor(Math.random() * found.length)]
}

export function makeNodeProxy(agents: NodeAgents): Connector {
  return async (request, target) => {
    const { name } = parseProxyName(target.name ?? '')
    const response = await agents.request(name, {
      method: request.method,
      path: pathOf(request, target),
      headers: forwarded(request),
      body: await request.body(),
    })
    return passOn(response, request)
  }
}

async function throughPod(
  agents: NodeAgents,
  pod: KubeObject,
  port: number,
  scheme: 'http' | 'https',
  request: ApiRequest,
  target: ResourceRequest,
): Promise<ApiResponse> {
  const body = await request.body()
  const plain = await agents.dialPod(pod, port)
  const socket = scheme === 'http' ? plain : await secured(plain)
  const { request: call } = await import('node:http')
  return new Promise((resolve, reject) => {
    const outgoing = call({
      // The stream is a connection already.
      createConnection: () => socket,
      method: request.method,
      path: pathOf(request, target),
      headers: { ...forwarded(request), host: `${pod.metadata.name}:${port}` },
    })
    outgoing.on('response', (response) => resolve(passOn(response, request)))
    outgoing.on('error', (error) => {
      socket.destroy()
      reject(serviceUnavailable(`error trying to reach service: ${describeError(error)}`))
    })
    outgoing.end(body)
  })
}

/** The certificates of pods are theirs alone: nobody can say what they should be. */
async function secured(socket: Duplex): Promise<Duplex> {
  const { connect } = await import('node:tls')
  return connect({ socket, rejectUnauthorized: false })
}

function pathOf({ path, query }: ApiRequest, { rest }: ResourceRequest): string {
  const tail = path.endsWith('/') && rest.length > 0 ? '/' : ''
  const words = query.toString()
  return `/${rest.map(encodeURIComponent).join('/')}${tail}${words === '' ? '' : `?${words}`}`
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Who the client is to us is no business of a pod. */
const withheld = new Set(['authorization', 'host', 'content-length', 'accept-encoding'])

function forwarded({ headers }: ApiRequest): Record<string, string> {
  const entries = Object.entries(headers).filter(
    ([name, value]) =>
      value !== undefined &&
      !name.startsWith(':') &&
      !name.startsWith('impersonate-') &&
      !hopByHop.has(name) &&
      !withheld.has(name),
  )
  return Object.fromEntries(entries) as Record<string, string>
}

function passOn(response: IncomingMessage, { path }: ApiRequest): ApiResponse {
  const headers = plainHeaders(response.headers)
  const base = path.slice(0, path.indexOf('/proxy') + '/proxy'.length)
  if (headers['location']?.startsWith('/')) headers['location'] = base + headers['location']
  return streamOf(response, response.statusCode ?? 502, headers)
}

function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || hopByHop.has(name)
        ? []
        : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
}
