import { describeError } from '../../native/error.ts'
import { findSubresource } from '../api/kind.ts'
import type { Kind } from '../api/kind.ts'
import { internalError, methodNotAllowed, StatusError, unknownPath } from '../api/status-error.ts'
import type { ApiContext } from './api-context.ts'
import { accessDenied } from './authorize.ts'
import { handleGet, handleList, handleWatch } from './handle-read.ts'
import { handleReview, isReview } from './handle-review.ts'
import { handleSubresource } from './handle-subresource.ts'
import {
  handleCreate,
  handleDelete,
  handleDeleteCollection,
  handlePatch,
  handleUpdate,
} from './handle-write.ts'
import { handleMetrics, metricsGroup } from './metrics-api/handle-metrics.ts'
import { handlePath } from './handle-path.ts'
import type { ApiRequest, ApiResponse } from './http-message.ts'
import { impersonate } from './impersonate.ts'
import { requireAnswerable, respondStatus } from './render.ts'
import { parseResourcePath } from './request-info.ts'
import type { ResourceRequest } from './request-info.ts'

type Handler = typeof handleGet

const handlers: Readonly<Record<string, Handler>> = {
  get: handleGet,
  list: handleList,
  watch: handleWatch,
  create: handleCreate,
  update: handleUpdate,
  patch: handlePatch,
  delete: handleDelete,
  deletecollection: handleDeleteCollection,
}

/** Answer a request; every failure is a Status. */
export async function handleRequest(
  context: ApiContext,
  original: ApiRequest,
): Promise<ApiResponse> {
  let request = original
  const startedAt = performance.now()
  let served: ResourceRequest | undefined
  const observed = (response: ApiResponse): ApiResponse => {
    const verb = served?.verb ?? original.method
    context.metrics.observe(served, verb, response.code, (performance.now() - startedAt) / 1000)
    return served?.verb === 'watch' ? context.metrics.countWatch(served, response) : response
  }
  try {
    request = await impersonate(context, original)
    if (request.notes && request !== original) request.notes.impersonated = request.user
    const target = parseResourcePath(request.method, request.path, request.query)
    if (!target)
      return observed(
        await authorized(context, request, undefined, () => handlePath(context, request)),
      )
    const kind = context.registry.byResource(target.group, target.version, target.resource)
    // Names that nobody serves are no labels: there is no end to them.
    if (kind) served = target
    return observed(
      await authorized(context, request, target, () =>
        kind ? handleKind(context, kind, target, request) : Promise.reject(unknownPath()),
      ),
    )
  } catch (error) {
    if (error instanceof StatusError) return observed(respondStatus(error.status))
    context.logger.error(`${request.method} ${request.path}`, error, { user: request.user.name })
    return observed(respondStatus(internalError(describeError(error)).status))
  }
}

async function authorized(
  { authorize }: ApiContext,
  { user, method, path, query, notes }: ApiRequest,
  resource: ResourceRequest | undefined,
  handle: () => Promise<ApiResponse>,
): Promise<ApiResponse> {
  const attributes = resource
    ? { user, verb: resource.verb, resource: withSelectedName(resource, query) }
    : { user, verb: method.toLowerCase(), path }
  const { allowed, reason = '' } = await authorize(attributes)
  if (notes)
    Object.assign(notes.annotations, {
      'authorization.k8s.io/decision': allowed ? 'allow' : 'forbid',
      'authorization.k8s.io/reason': reason,
    })
  if (!allowed) throw accessDenied(attributes)
  return handle()
}

/** Who lists or watches one object by its name is asked about that object. */
function withSelectedName(resource: ResourceRequest, query: URLSearchParams): ResourceRequest {
  if (resource.name !== undefined) return resource
  const name = /^metadata\.name=([^,]+)$/.exec(query.get('fieldSelector') ?? '')?.[1]
  return name === undefined ? resource : { ...resource, name }
}

/** Whether somebody else answers, in whatever form. */
function isConnected({ connectors }: ApiContext, { resource, subresource }: ResourceRequest) {
  return connectors.has(`${resource}/${subresource ?? ''}`)
}

async function handleKind(
  context: ApiContext,
  kind: Kind,
  target: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const { namespace, subresource, verb, name } = target
  if (namespace !== undefined && !kind.namespaced) throw unknownPath()
  if (kind.namespaced && namespace === undefined && name !== undefined) throw unknownPath()
  // What cannot be answered is not begun: a write would be kept although the client is told that it failed.
  if (!isConnected(context, target)) requireAnswerable(request)
  if (kind.group === metricsGroup) return handleMetrics(context, kind, target, request)
  if (isReview(kind)) {
    if (verb !== 'create') throw methodNotAllowed()
    return handleReview(context, kind, target, request)
  }
  if (subresource === undefined) {
    const isMisplaced =
      name === undefined ? verb === 'update' || verb === 'patch' : verb === 'create'
    if (!kind.verbs.includes(verb) || isMisplaced) throw methodNotAllowed()
    return handlers[verb]!(context, kind, target, request)
  }
  const known = findSubresource(kind, subresource)
  if (!known) throw unknownPath()
  const proxied = target.rest.length > 0
  if (proxied && subresource !== 'proxy') throw unknownPath()
  if (!known.verbs.includes(verb)) throw methodNotAllowed()
  return subresource === 'status'
    ? handlers[verb]!(context, kind, target, request)
    : handleSubresource(context, kind, target, request)
}
