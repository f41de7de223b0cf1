import { apiVersionOf } from '../api/kind.ts'
import type { Kind } from '../api/kind.ts'
import { clone, isObject } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { badRequest, StatusError, success } from '../api/status-error.ts'
import { admissionNotes } from './admission-notes.ts'
import type { ApiContext } from './api-context.ts'
import { deleteObject, isDryRun, readDeleteOptions } from './delete-object.ts'
import type { Deletion } from './delete-object.ts'
import type { ApiRequest, ApiResponse } from './http-message.ts'
import { everything, listObjects } from './list-objects.ts'
import { makeSelector, parseFieldSelector, parseLabelSelector } from '../api/selectors.ts'
import { negotiate } from './negotiate.ts'
import { applyPatchType, readPatch } from './patch-object.ts'
import { decodeObject, mediaTypeOf, readAs, readRawBody } from './read-body.ts'
import type { RawBody } from './read-body.ts'
import { includeObjectOf, renderObject, respond, respondStatus } from './render.ts'
import type { ResourceRequest } from './request-info.ts'
import type { Change, WriteOptions } from './resource-service.ts'
import { serverSideApply } from './server-side-apply.ts'

export function writeOptions(request: ApiRequest): WriteOptions {
  return {
    user: request.user,
    dryRun: isDryRun(undefined, request.query),
    manager: request.query.get('fieldManager') || userAgent(request),
    ...admissionNotes(request),
  }
}

/** Who does not say who manages the fields is known by the program. */
function userAgent({ headers }: ApiRequest): string {
  const program = (headers['user-agent'] ?? '').split('/')[0]!
  return program === '' ? 'unknown' : program.slice(0, 128)
}

/** The body, whatever kind it is of. */
export function readBody({ registry }: ApiContext, request: ApiRequest): Promise<RawBody> {
  return readRawBody(request, (apiVersion, kind) => {
    if (kind === 'DeleteOptions') return 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions'
    if (kind === 'Eviction') return 'io.k8s.api.policy.v1.Eviction'
    if (kind === 'Scale') return 'io.k8s.api.autoscaling.v1.Scale'
    if (kind === 'TokenRequest') return 'io.k8s.api.authentication.v1.TokenRequest'
    return registry.byKind(apiVersion, kind)?.definition
  })
}

export function respondObject(
  kind: Kind,
  object: KubeObject,
  request: ApiRequest,
  code = 200,
): Promise<ApiResponse> {
  const representation = negotiate(request.headers['accept'], ['object', 'table', 'metadata'])
  const options = { representation, includeObject: includeObjectOf(request.query) }
  return respond(code, renderObject(kind, object, options), representation.format)
}

export async function handleCreate(
  context: ApiContext,
  kind: Kind,
  { namespace }: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  if (kind.namespaced && namespace === undefined)
    throw badRequest('an empty namespace may not be set during creation')
  const object = decodeObject(context.schemas, kind, await readBody(context, request), request)
  const created = await context.resources.create(kind, namespace, object, writeOptions(request))
  return respondObject(kind, created, request, 201)
}

export async function handleUpdate(
  context: ApiContext,
  kind: Kind,
  { namespace, name = '', subresource }: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const wanted = decodeObject(context.schemas, kind, await readBody(context, request), request)
  if (wanted.metadata.name !== undefined && wanted.metadata.name !== name)
    throw badRequest(
      `the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`,
    )
  if (
    wanted.metadata.namespace &&
    namespace !== undefined &&
    wanted.metadata.namespace !== namespace
  )
    throw badRequest(
      `the namespace of the provided object does not match the namespace sent on the request`,
    )
  const change: Change = () => clone(wanted)
  const object = await context.resources.update(
    kind,
    namespace,
    name,
    change,
    writeOptions(request),
    subresource,
  )
  return respondObject(kind, object, request)
}

export async function handlePatch(
  context: ApiContext,
  kind: Kind,
  target: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const type = mediaTypeOf(request)
  if (type === applyPatchType) {
    const { object, created } = await serverSideApply(context, kind, target, request)
    return respondObject(kind, object, request, created ? 201 : 200)
  }
  const { namespace, name = '', subresource } = target
  const patch = readPatch(type, await request.body(), kind, context.schemas)
  const change: Change = (current) => {
    const patched = patch(current as unknown as JsonObject)
    requireSameKind(kind, patched)
    return readAs(context.schemas, kind, patched, request)
  }
  const object = await context.resources.update(
    kind,
    namespace,
    name,
    change,
    writeOptions(request),
    subresource,
  )
  return respondObject(kind, object, request)
}

/** A patch may change everything but what the object is. */
function requireSameKind(kind: Kind, patched: JsonObject): void {
  const { apiVersion, kind: name } = patched
  if (name !== kind.kind || apiVersion !== apiVersionOf(kind))
    throw badRequest(
      `the patched object is of another kind than ${apiVersionOf(kind)} ${kind.kind}`,
    )
}

async function deleteOptionsOf(context: ApiContext, request: ApiRequest) {
  const bytes = await request.body()
  const body = bytes.length === 0 ? undefined : await readBody(context, request)
  if (body && body.kind !== undefined && body.kind !== 'DeleteOptions')
    throw badRequest(`${body.kind} is no DeleteOptions`)
  return readDeleteOptions(body?.value, request.query)
}

/** Kinds of which a deletion answers with the object. */
const shownWhenGone = new Set([
  'Pod',
  'PersistentVolumeClaim',
  'PersistentVolume',
  'ServiceAccount',
])

export async function handleDelete(
  context: ApiContext,
  kind: Kind,
  { namespace, name = '' }: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const options = await deleteOptionsOf(context, request)
  const target = { kind, namespace, name }
  const deletion = await deleteObject(context, target, options, request.user)
  if (!deletion.gone || shownWhenGone.has(kind.kind))
    return respondObject(kind, deletion.object, request)
  return respondStatus(success(200, detailsOf(kind, deletion)))
}

function detailsOf(kind: Kind, { object }: Deletion) {
  const { name = '', uid } = object.metadata
  const group = kind.group === '' ? {} : { group: kind.group }
  return { name, ...group, kind: kind.plural, ...(uid === undefined ? {} : { uid }) }
}

export async function handleDeleteCollection(
  context: ApiContext,
  kind: Kind,
  { namespace }: ResourceRequest,
  request: ApiRequest,
): Promise<ApiResponse> {
  const options = await deleteOptionsOf(context, request)
  const { query } = request
  const known = ['metadata.name', 'metadata.namespace', ...kind.selectable]
  const select = makeSelector(
    parseLabelSelector(query.get('labelSelector') ?? ''),
    parseFieldSelector(query.get('fieldSelector') ?? '', known),
  )
  const list = await listObjects(context.store, kind, {
    ...everything,
    namespace,
    select,
  })
  const items: KubeObject[] = []
  for (const { metadata } of list.items)
    try {
      const target = { kind, namespace: metadata.namespace, name: metadata.name ?? '' }
      const { object } = await deleteObject(context, target, options, request.user)
      items.push(object)
    } catch (error) {
      // Somebody else was faster; that it is gone is what was wanted.
      if (!(error instanceof StatusError) || error.status.code !== 404) throw error
    }
  const metadata = { resourceVersion: list.resourceVersion }
  return respond(200, { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items })
}

/** The specification of an object, made when it has none. */
export function specOf(object: KubeObject): JsonObject {
  return isObject(object.spec) ? object.spec : (object.spec = {})
}
