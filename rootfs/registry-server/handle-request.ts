import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authenticator } from './authenticator.ts'
import { type Endpoint, endpointsOf } from './endpoints.ts'
import type { Client, Exchange } from './exchange.ts'
import { requireRepositoryName } from './names.ts'
import type { RateLimit } from './rate-limit.ts'
import type { Registry } from './registry.ts'
import { nothingThere, refusal } from './registry-error.ts'
import type { Route } from './route.ts'

/** What the handling of every request needs. */
export interface RequestContext {
  readonly registry: Registry
  readonly authenticator: Authenticator
  readonly uploadLimit: RateLimit | undefined
}

/** A request line's target. */
export interface Target {
  readonly path: string
  readonly query: URLSearchParams
}

/** Split the target of a request line, which some proxies send in full. */
export function readTarget(url: string): Target {
  const target = url.replace(/^https?:\/\/[^/?]*/i, '')
  const at = target.indexOf('?')
  if (at < 0) return { path: target, query: new URLSearchParams() }
  return { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) }
}

/**
 * Answer a request of the distribution API.
 *
 * @param onClient is told who asks, as soon as that is known
 * @throws {RegistryError} what the client is to be told
 */
export async function handleRequest(
  context: RequestContext,
  route: Route,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
  onClient: (client: Client) => void,
): Promise<void> {
  const { registry, authenticator } = context
  response.setHeader('Docker-Distribution-API-Version', 'registry/2.0')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  const repository = 'name' in route ? route.name : undefined
  if (repository !== undefined) requireRepositoryName(repository)
  const endpoint = chooseEndpoint(context, route, request.method ?? '')
  const client = await authenticator.identify(request)
  onClient(client)
  requireAccess(context, route, request, client, endpoint)
  requireRate(context, route, request)
  const exchange: Exchange = { registry, request, response, query, client }
  await endpoint.run(exchange)
}

function chooseEndpoint({ registry }: RequestContext, route: Route, method: string): Endpoint {
  const endpoints = endpointsOf(route)
  const { readOnly, deleteEnabled } = registry.settings
  const endpoint = Object.hasOwn(endpoints, method) ? endpoints[method] : undefined
  if (Object.keys(endpoints).length === 0) throw nothingThere()
  if (!endpoint)
    throw refusal(405, 'UNSUPPORTED', 'this method has no meaning here', {
      headers: { Allow: Object.keys(endpoints).join(', ') },
    })
  const { action } = endpoint
  const isOff =
    (readOnly && (action === 'push' || action === 'delete')) ||
    (!deleteEnabled && action === 'delete')
  if (!isOff) return endpoint
  throw refusal(
    405,
    'UNSUPPORTED',
    readOnly ? 'this registry is read-only' : 'deleting is disabled in this registry',
    { headers: { Allow: 'GET, HEAD' } },
  )
}

function requireAccess(
  { authenticator }: RequestContext,
  route: Route,
  request: IncomingMessage,
  client: Client,
  { action }: Endpoint,
): void {
  const wanted = 'name' in route && action ? { repository: route.name, action } : undefined
  const isAllowed = wanted
    ? client.may(wanted.action, wanted.repository)
    : route.kind === 'catalog'
      ? client.sees !== undefined
      : authenticator.isKnown(client)
  if (!isAllowed) throw authenticator.refuse(request, client, wanted)
}

function requireRate(
  { uploadLimit }: RequestContext,
  route: Route,
  request: IncomingMessage,
): void {
  if (route.kind !== 'uploads' || !uploadLimit) return
  const seconds = uploadLimit.take(request.socket.remoteAddress ?? '')
  if (seconds === 0) return
  throw refusal(429, 'TOOMANYREQUESTS', 'too many uploads from this address', {
    headers: { 'Retry-After': String(seconds) },
  })
}
