import type { Kind } from '../api/kind.ts'
import { isObject, numberAt, textAt, valueAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { selectorText } from '../api/print/cells.ts'
import { badRequest, conflict, invalid, serviceUnavailable, success } from '../api/status-error.ts'
import { invalidValue } from '../api/validation/field-error.ts'
import type { ApiContext } from './api-context.ts'
import { isDryRun } from './delete-object.ts'
import { handleEviction } from './handle-eviction.ts'
import { readBody, respondObject, specOf, writeOptions } from './handle-write.ts'
import type { ApiRequest, ApiResponse } from './http-message.ts'
import { readPatch } from './patch-object.ts'
import { mediaTypeOf, readAs } from './read-body.ts'
import { respond, respondStatus } from './render.ts'
import type { ResourceRequest } from './request-info.ts'
import type { Change } from './resource-service.ts'

// Subresources that are neither the object nor its status.

type Handler = (
  context: ApiContext,
  kind: Kind,
  target: ResourceRequest,
  request: ApiRequest,
) => Promise<ApiResponse>

const scaleDefinition = 'io.k8s.api.autoscaling.v1.Scale'

function scaleOf(object: KubeObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = selectorText(object.spec?.['selector'])
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, ['spec', 'replicas']) ?? 0 },
    status: {
      replicas: numberAt(object, ['status', 'replicas']) ?? 0,
      ...(selector === '<none>' ? {} : { selector }),
    },
  }
}

const handleScale: Handler = async (context, kind, target, request) => {
  const { namespace, name = '', verb } = target
  if (verb === 'get')
    return respond(200, scaleOf(await context.resources.get(kind, namespace, name)))
  const change = typed(context, kind, request, await scaleChange(context, kind, target, request))
  const options = writeOptions(request)
  const object = await context.resources.update(kind, namespace, name, change, options, 'scale')
  return respond(200, scaleOf(object))
}

async function scaleChange(
  context: ApiContext,
  kind: Kind,
  { name = '', verb }: ResourceRequest,
  request: ApiRequest,
): Promise<Change> {
  const makeScale =
    verb === 'patch'
      ? readPatch(
          mediaTypeOf(request),
          await request.body(),
          kind,
          context.schemas,
          scaleDefinition,
        )
      : await readBody(context, request).then(
          ({ value }) =>
            () =>
              value,
        )
  return (current) => {
    const scale = makeScale(scaleOf(current))
    const replicas = valueAt(scale, ['spec', 'replicas']) ?? 0
    if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0)
      throw invalid({ kind: 'Scale', group: 'autoscaling' }, name, [
        invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'),
      ])
    const revision = textAt(scale, ['metadata', 'resourceVersion'])
    specOf(current)['replicas'] = replicas
    if (revision) current.metadata.resourceVersion = revision
    return current
  }
}

/** The scheduler's word: the pod belongs to a node now. */
const handleBinding: Handler = async (context, kind, { namespace, name = '' }, request) => {
  const { value } = await readBody(context, request)
  const node = textAt(value, ['target', 'name'])
  if (!node) throw badRequest('target.name: Required value')
  const uid = textAt(value, ['metadata', 'uid'])
  const options = { ...writeOptions(request), dryRun: isDryRun(value, request.query) }
  const bind: Change = (pod) => {
    if (uid && uid !== pod.metadata.uid) throw conflict(kind, name)
    const bound = textAt(pod, ['spec', 'nodeName'])
    if (pod.metadata.deletionTimestamp !== undefined)
      throw conflict(kind, name, `pod ${name} is being deleted, cannot be assigned to a host`)
    if (bound)
      throw conflict(kind, name, `pod ${name} is already assigned to node ${JSON.stringify(bound)}`)
    specOf(pod)['nodeName'] = node
    pod.status = { ...pod.status, conditions: scheduledCondition(pod) }
    return pod
  }
  await context.resources.update(kind, namespace, name, bind, options, 'binding')
  return respondStatus(success(201))
}

function scheduledCondition(pod: KubeObject): JsonObject[] {
  const conditions = valueAt(pod, ['status', 'conditions'])
  const others = Array.isArray(conditions)
    ? conditions.filter(isObject).filter(({ type }) => type !== 'PodScheduled')
    : []
  const lastTransitionTime = `${new Date().toISOString().slice(0, 19)}Z`
  return [
    ...others,
    { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime },
  ]
}

/** A body of which one part is taken is checked when that is in its place. @throws StatusError 400 */
function typed({ schemas }: ApiContext, kind: Kind, request: ApiRequest, change: Change): Change {
  return async (current) =>
    readAs(schemas, kind, (await change(current)) as unknown as JsonObject, request)
}

/** Writes that may change one part only. */
function partWriter(
  part: string,
  take: (current: KubeObject, wanted: KubeObject) => KubeObject,
): Handler {
  return async (context, kind, target, request) => {
    const { namespace, name = '', verb } = target
    if (verb === 'get')
      return respondObject(kind, await context.resources.get(kind, namespace, name), request)
    const make =
      verb === 'patch'
        ? readPatch(mediaTypeOf(request), await request.body(), kind, context.schemas)
        : await readBody(context, request).then(
            ({ value }) =>
              () =>
                value,
          )
    const change: Change = (current) => {
      const wanted = make(
        structuredClone(current) as unknown as JsonObject,
      ) as unknown as KubeObject
      return take(current, wanted)
    }
    const object = await context.resources.update(
      kind,
      namespace,
      name,
      typed(context, kind, request, change),
      writeOptions(request),
      part,
    )
    return respondObject(kind, object, request)
  }
}

const takeSpecField = (field: string) => (current: KubeObject, wanted: KubeObject) => {
  const value = valueAt(wanted, ['spec', field])
  if (value === undefined) delete specOf(current)[field]
  else specOf(current)[field] = value as JsonObject
  return current
}

const handleToken: Handler = async (context, _kind, { namespace = '', name = '' }, request) => {
  if (!context.tokens) throw serviceUnavailable('this server signs no tokens')
  const { value } = await readBody(context, request)
  return respond(201, await context.tokens.request(namespace, name, value))
}

const handlers: Readonly<Record<string, Handler>> = {
  token: handleToken,
  scale: handleScale,
  binding: handleBinding,
  eviction: handleEviction,
  finalize: partWriter('finalize', takeSpecField('finalizers')),
  approval: partWriter('approval', (current, wanted) => {
    const conditions = valueAt(wanted, ['status', 'conditions'])
    return {
      ...current,
      status: { ...current.status, ...(Array.isArray(conditions) ? { conditions } : {}) },
    }
  }),
  ephemeralcontainers: partWriter('ephemeralcontainers', takeSpecField('ephemeralContainers')),
  resize: partWriter('resize', takeSpecField('containers')),
}

export const handleSubresource: Handler = async (context, kind, target, request) => {
  const { resource, subresource = '' } = target
  const connector = context.connectors.get(`${resource}/${subresource}`)
  if (connector) return connector(request, target)
  const handler = handlers[subresource]
  if (!handler) throw serviceUnavailable(`nothing serves ${resource}/${subresource} yet`)
  return handler(context, kind, target, request)
}
