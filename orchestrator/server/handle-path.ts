import { methodNotAllowed, unknownPath } from '../api/status-error.ts'
import type { Kind } from '../api/kind.ts'
import type { ApiContext } from './api-context.ts'
import {
  aggregatedDiscovery,
  groupList,
  legacyVersions,
  oneGroup,
  resourceList,
} from './discovery.ts'
import type { ApiRequest, ApiResponse, WholeResponse } from './http-message.ts'
import { negotiate } from './negotiate.ts'
import { acceptsProtobuf, encodeOpenApiV2, openApiV2Protobuf } from './encode-openapi-v2.ts'
import { openApiV2 } from './openapi-v2.ts'
import { openApiDocument, openApiIndex } from './openapi.ts'
import { respond } from './render.ts'
import { versionInfo } from './version.ts'

// Paths that are about no resource: discovery, schemas, health.

const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
const healthPaths = new Set(['/healthz', '/livez', '/readyz'])

export async function handlePath(context: ApiContext, request: ApiRequest): Promise<ApiResponse> {
  const { registry, schemas, store, routes, metrics } = context
  const own = routes.find(request.path)
  if (own) return own.handler(request, own.rest)
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed()
  const path = request.path.length > 1 ? request.path.replace(/\/$/, '') : request.path
  if (path === '/version') return respond(200, versionInfo())
  if (healthPaths.has(path)) {
    await store.currentRevision()
    return text(
      request.query.has('verbose') ? `[+]store ok\n${path.slice(1)} check passed\n` : 'ok',
    )
  }
  if (path === '/metrics')
    return text(await metrics.registry.metrics(), metrics.registry.contentType)
  if (path === '/api' || path === '/apis') return discover(context, request, path === '/api')
  if (path === '/') return respond(200, { paths: rootPaths(context) })
  if (path === '/openapi/v3') return respond(200, openApiIndex(registry, versionInfo().gitVersion))
  if (path === '/openapi/v2') return openApiV2Response(context, request)
  if (path.startsWith('/openapi/v3/')) {
    const document = openApiDocument(registry, schemas, path.slice('/openapi/v3/'.length))
    return found(document)
  }
  const [root, group = '', version] = path.slice(1).split('/')
  if (root === 'api' && version === undefined)
    return found(resourceList(registry, { group: '', version: group }))
  if (root !== 'apis') throw unknownPath()
  return found(
    version === undefined ? oneGroup(registry, group) : resourceList(registry, { group, version }),
  )
}

/** The last one made, in bytes: clients ask for it again and again, and it changes with the kinds only. */
const encoded = new WeakMap<readonly Kind[], Buffer>()

function openApiV2Response(
  { registry, schemas }: ApiContext,
  request: ApiRequest,
): Promise<WholeResponse> | WholeResponse {
  const accept = request.headers['accept'] ?? ''
  if (!acceptsProtobuf(accept)) return respond(200, openApiV2(registry, schemas))
  const kinds = registry.all()
  const body = encoded.get(kinds) ?? encodeOpenApiV2(openApiV2(registry, schemas))
  encoded.set(kinds, body)
  return { code: 200, headers: { 'content-type': openApiV2Protobuf }, body }
}

async function discover(
  { registry }: ApiContext,
  request: ApiRequest,
  core: boolean,
): Promise<WholeResponse> {
  const { as } = negotiate(request.headers['accept'], ['object', 'aggregated-discovery'])
  if (as === 'aggregated-discovery') {
    const response = await respond(200, aggregatedDiscovery(registry, core))
    return { ...response, headers: { 'content-type': aggregatedType } }
  }
  return respond(200, core ? legacyVersions(request.headers['host'] ?? '') : groupList(registry))
}

function rootPaths({ registry, routes }: ApiContext): string[] {
  const versions = registry
    .groupVersions()
    .map(({ group, version }) => (group === '' ? `/api/${version}` : `/apis/${group}/${version}`))
  const others = ['/api', '/apis', '/metrics', '/openapi/v2', '/openapi/v3', '/version']
  return [...others, ...versions, ...healthPaths, ...routes.prefixes()].toSorted()
}

function found(document: object | undefined): Promise<WholeResponse> {
  if (!document) throw unknownPath()
  return respond(200, document)
}

function text(body: string, type = 'text/plain; charset=utf-8'): WholeResponse {
  return { code: 200, headers: { 'content-type': type }, body }
}
