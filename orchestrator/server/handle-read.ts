import type { Kind } from '../api/kind.ts'
import { makeSelector, parseFieldSelector, parseLabelSelector } from '../api/selectors.ts'
import type { Selector } from '../api/selectors.ts'
import { badRequest, invalid } from '../api/status-error.ts'
import { forbiddenField } from '../api/validation/field-error.ts'
import type { ApiContext } from './api-context.ts'
import type { ApiRequest, ApiResponse } from './http-message.ts'
import { listObjects, parseRevision, requireReached } from './list-objects.ts'
import { negotiate } from './negotiate.ts'
import { includeObjectOf, renderList, renderObject, respond } from './render.ts'
import type { RenderOptions } from './render.ts'
import type { ResourceRequest } from './request-info.ts'
import { watchObjects } from './watch-objects.ts'

const offered = ['object', 'table', 'metadata'] as const
const usualWatchMs = 30 * 60 * 1000
const longestWatchMs = 24 * 60 * 60 * 1000

function renderOptions({ headers, query }: ApiRequest): RenderOptions {
  return {
    representation: negotiate(headers['accept'], offered),
    includeObject: includeObjectOf(query),
  }
}

function selectorOf(
  kind: Kind,
  query: URLSearchParams,
  name: string | undefined,
): Selector | undefined {
  const known = [
    'metadata.name',
    ...(kind.namespaced ? ['metadata.namespace'] : []),
    ...kind.selectable,
  ]
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '', known)
  if (name !== undefined) fields.push({ field: 'metadata.name', equal: true, value: name })
  return makeSelector(parseLabelSelector(query.get('labelSelector') ?? ''), fields)
}

/** Seconds in a query, as milliseconds. */
function timeoutMs(query: URLSearchParams): number {
  const seconds = Number(query.get('timeoutSeconds') ?? '0')
  const ms = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : usualWatchMs
  return Math.min(ms, longestWatchMs)
}

function isTrue(query: URLSearchParams, name: string): boolean {
  return query.get(name) === 'true' || query.get(name) === '1'
}

/** GET of one object. */
export async function handleGet(
  { resources, store }: ApiContext,
  kind: Kind,
  { namespace, name = '' }: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const render = renderOptions(request)
  const revision = parseRevision(request.query.get('resourceVersion'))
  if (revision) await requireReached(store, revision)
  const object = await resources.get(kind, namespace, name)
  return respond(200, renderObject(kind, object, render), render.representation.format)
}

/** GET of many, once. */
export async function handleList(
  { store }: ApiContext,
  kind: Kind,
  { namespace }: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const { query } = request
  const render = renderOptions(request)
  const limit = Number(query.get('limit') ?? '0')
  if (!Number.isSafeInteger(limit) || limit < 0) throw badRequest('limit must be a number')
  if (query.has('sendInitialEvents'))
    throw invalidListOption(kind, 'sendInitialEvents is forbidden for list')
  const list = await listObjects(store, kind, {
    namespace,
    select: selectorOf(kind, query, undefined),
    limit,
    continueToken: query.get('continue') ?? undefined,
    resourceVersion: query.get('resourceVersion') ?? undefined,
    match: query.get('resourceVersionMatch') ?? undefined,
  })
  return respond(200, renderList(kind, list, render), render.representation.format)
}

/** GET of what changes. */
export async function handleWatch(
  { store }: ApiContext,
  kind: Kind,
  { namespace, name }: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const { query } = request
  const initialEvents = isTrue(query, 'sendInitialEvents')
  const bookmarks = isTrue(query, 'allowWatchBookmarks')
  if (query.has('sendInitialEvents') && query.get('resourceVersionMatch') !== 'NotOlderThan')
    throw invalidListOption(
      kind,
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    )
  if (initialEvents && !bookmarks)
    throw invalidListOption(kind, 'sendInitialEvents requires setting allowWatchBookmarks to true')
  const revision = parseRevision(query.get('resourceVersion'))
  return watchObjects(store, kind, {
    namespace,
    select: selectorOf(kind, query, name),
    // With the events of the beginning asked for, a revision is only the oldest that will do.
    revision:
      query.get('sendInitialEvents') === 'false' && revision === undefined
        ? await store.currentRevision()
        : revision,
    bookmarks,
    initialEvents,
    timeoutMs: timeoutMs(query),
    render: renderOptions(request),
  })
}

function invalidListOption(kind: Kind, why: string) {
  return invalid({ kind: 'ListOptions', group: 'meta.k8s.io' }, kind.plural, [
    forbiddenField('resourceVersionMatch', why),
  ])
}
