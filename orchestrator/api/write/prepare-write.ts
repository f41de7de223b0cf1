import { acceptedStatus } from '../custom/custom-kinds.ts'
import { applySchemaDefaults } from '../custom/schema-defaults.ts'
import { applyDefaults } from '../defaults/defaults.ts'
import type { Kind } from '../kind.ts'
import { qosClass } from '../qos-class.ts'
import { clone, isObject, sameJson } from '../object.ts'
import type { JsonObject, KubeObject } from '../object.ts'
import { resolveSchema } from '../schema.ts'
import type { Schema, Schemas } from '../schema.ts'
import { badRequest, conflict, invalid } from '../status-error.ts'
import { validateBySchema } from '../validation/by-schema.ts'
import { validateKind, validateKindUpdate } from '../validation/kinds.ts'
import { validateMetadata, validateMetadataUpdate } from '../validation/metadata.ts'

// Every write, as a function of what is asked and what is stored. Nothing here knows a store or a socket.

/** What a write takes from the world. */
export interface WriteContext {
  readonly schemas: Schemas
  readonly now: Date
  newUid(): string
  /** Five letters for generated names. */
  nameSuffix(): string
}

const mostGeneratedPrefix = 58

/** As metadata writes times: whole seconds. */
export function formatTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}

/**
 * The object that a create stores.
 * @param namespace of the path; absent for kinds of the whole cluster
 * @throws StatusError 400, 422 with every fault
 */
export function prepareCreate(
  kind: Kind,
  wanted: KubeObject,
  namespace: string | undefined,
  context: WriteContext,
): KubeObject {
  const object = clone(wanted)
  const { metadata } = object
  if (metadata.resourceVersion)
    throw badRequest('resourceVersion should not be set on objects to be created')
  placeInNamespace(object, namespace)
  if (!metadata.name && metadata.generateName)
    metadata.name = metadata.generateName.slice(0, mostGeneratedPrefix) + context.nameSuffix()
  metadata.uid = context.newUid()
  metadata.creationTimestamp = formatTime(context.now)
  delete metadata.resourceVersion
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.generation
  if (kind.generation) metadata.generation = 1
  if (hasStatus(kind) && !kind.statusOnCreate) delete object.status
  dropEmpty(object)
  finishObject(kind, object, context.schemas)
  initialState(object)
  requireValid(kind, object, context.schemas)
  return object
}

/**
 * The object that an update stores: of the main resource everything but the status, of `status` nothing but it.
 * @throws StatusError 409 when the revision or uid is another one, 422 with every fault
 */
export function prepareUpdate(
  kind: Kind,
  wanted: KubeObject,
  current: KubeObject,
  subresource: string | undefined,
  context: WriteContext,
): KubeObject {
  const name = current.metadata.name ?? ''
  const { resourceVersion, uid } = wanted.metadata
  if (resourceVersion && resourceVersion !== current.metadata.resourceVersion)
    throw conflict(kind, name)
  if (uid && uid !== current.metadata.uid)
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    )
  const object = subresource === 'status' ? statusWrite(wanted, current) : clone(wanted)
  const identityErrors = validateMetadataUpdate(object, current)
  keepIdentity(object, current)
  if (subresource === undefined && hasStatus(kind)) copyField(object, current, 'status')
  dropEmpty(object)
  finishObject(kind, object, context.schemas)
  if (kind.generation && subresource !== 'status')
    object.metadata.generation =
      (current.metadata.generation ?? 1) + (wantsTheSame(object, current) ? 0 : 1)
  const errors = [
    ...identityErrors,
    ...(subresource === undefined ? validateKindUpdate(kind.group, object, current) : []),
  ]
  if (errors.length > 0) throw invalid(kind, name, errors)
  requireValid(kind, object, context.schemas)
  return object
}

/** Whether only metadata and status differ. */
function wantsTheSame(a: KubeObject, b: KubeObject): boolean {
  const { metadata: _m, status: _s, ...wanted } = a
  const { metadata: _n, status: _t, ...current } = b
  return sameJson(wanted, current)
}

export function hasStatus(kind: Kind): boolean {
  return kind.subresources.some(({ name }) => name === 'status')
}

function placeInNamespace(object: KubeObject, namespace: string | undefined): void {
  const { metadata } = object
  if (namespace === undefined) delete metadata.namespace
  else if (metadata.namespace && metadata.namespace !== namespace)
    throw badRequest(
      `the namespace of the provided object does not match the namespace sent on the request`,
    )
  else metadata.namespace = namespace
}

function statusWrite(wanted: KubeObject, current: KubeObject): KubeObject {
  const object = clone(current)
  copyField(object, wanted, 'status')
  // Field managers of the status are kept with those of the rest.
  if (wanted.metadata.managedFields) object.metadata.managedFields = wanted.metadata.managedFields
  return object
}

function copyField(to: KubeObject, from: KubeObject, field: string): void {
  if (from[field] === undefined) delete to[field]
  else to[field] = clone(from[field])
}

/** What no client changes. */
function keepIdentity(object: KubeObject, current: KubeObject): void {
  const { metadata } = object
  const kept = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'resourceVersion',
    'generateName',
  ] as const
  for (const field of kept) {
    const value = current.metadata[field]
    if (value === undefined) delete metadata[field]
    else Object.assign(metadata, { [field]: value })
  }
}

/** What an object has from the beginning because of what it is. */
function initialState(object: KubeObject): void {
  if (object.apiVersion === 'v1' && object.kind === 'Pod')
    object.status = { phase: 'Pending', qosClass: qosClass(object.spec ?? {}) }
  if (object.apiVersion === 'v1' && /^PersistentVolume(Claim)?$/.test(object.kind))
    object.status = { phase: 'Pending' }
  if (object.apiVersion === 'v1' && object.kind === 'Namespace')
    object.spec = { ...object.spec, finalizers: ['kubernetes'] }
  if (object.kind === 'CustomResourceDefinition' && object.apiVersion === 'apiextensions.k8s.io/v1')
    object.status = acceptedStatus(object, object.metadata.creationTimestamp ?? '')
  if (object.apiVersion === 'batch/v1' && object.kind === 'Job') selectOwnPods(object)
}

/** A job knows its pods by its uid, unless it says that it selects them itself. */
function selectOwnPods({ metadata, spec }: KubeObject): void {
  if (!spec || spec['manualSelector'] === true || !isObject(spec['template'])) return
  const template = spec['template']
  const inner = isObject(template['metadata']) ? template['metadata'] : {}
  const uid = metadata.uid ?? ''
  const name = metadata.name ?? ''
  const labels = {
    ...(isObject(inner['labels']) ? inner['labels'] : {}),
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  }
  template['metadata'] = { ...inner, labels }
  spec['selector'] ??= { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }
}

/** Maps and lists of metadata that hold nothing are absent, as in what a typed server writes. */
function dropEmpty({ metadata }: KubeObject): void {
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const)
    if (metadata[field] && Object.keys(metadata[field]).length === 0) delete metadata[field]
}

/** Defaults, and forms that are only for writing. */
function finishObject(kind: Kind, object: KubeObject, schemas: Schemas): void {
  if (kind.group === '' && kind.kind === 'Secret') foldStringData(object)
  if (kind.isCustom) applySchemaDefaults(schemaOf(kind, schemas), object as unknown as JsonObject)
  else applyDefaults(kind.group, object)
}

function foldStringData(object: KubeObject): void {
  const texts = object['stringData'] as Record<string, string> | undefined
  delete object['stringData']
  if (!texts) return
  const encoded = Object.entries(texts).map(([key, text]) => [
    key,
    Buffer.from(text).toString('base64'),
  ])
  object['data'] = { ...(object['data'] as JsonObject | undefined), ...Object.fromEntries(encoded) }
}

function schemaOf(kind: Kind, schemas: Schemas): Schema {
  return resolveSchema(schemas, { $ref: kind.definition })
}

function requireValid(kind: Kind, object: KubeObject, schemas: Schemas): void {
  const schema = schemaOf(kind, schemas)
  // A specification that is not there is one in which nothing is said.
  const isBare = object.spec === undefined && !kind.isCustom && schema.properties?.['spec']
  const bySchema = validateBySchema(
    schemas,
    schema,
    (isBare ? { ...object, spec: {} } : object) as unknown as JsonObject,
  )
  const known = new Set(bySchema.map(({ field }) => field))
  const errors = [
    ...validateMetadata(kind, object.metadata),
    ...bySchema,
    ...validateKind(kind.group, object).filter(({ field }) => !known.has(field)),
  ]
  if (errors.length > 0) throw invalid(kind, object.metadata.name ?? '', errors)
}
