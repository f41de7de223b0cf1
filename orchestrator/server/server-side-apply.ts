import { applyObject } from '../api/apply/apply-object.ts'
import type { FieldConflict } from '../api/apply/apply-object.ts'
import { describePath } from '../api/apply/field-path.ts'
import type { Manager } from '../api/apply/managed-fields.ts'
import { apiVersionOf } from '../api/kind.ts'
import type { Kind } from '../api/kind.ts'
import { clone } from '../api/object.ts'
import type { KubeObject, ManagedFieldsEntry } from '../api/object.ts'
import { resolveSchema } from '../api/schema.ts'
import { badRequest, invalid, StatusError } from '../api/status-error.ts'
import { required } from '../api/validation/field-error.ts'
import { formatTime } from '../api/write/prepare-write.ts'
import { admissionNotes } from './admission-notes.ts'
import type { ApiContext } from './api-context.ts'
import { isDryRun } from './delete-object.ts'
import type { ApiRequest } from './http-message.ts'
import { decodeObject, readRawBody } from './read-body.ts'
import type { ResourceRequest } from './request-info.ts'

/** PATCH of type apply: change what is there, or make it. @throws StatusError 400, 409 with every conflict, 422 */
export async function serverSideApply(
  context: ApiContext,
  kind: Kind,
  { namespace, name = '', subresource }: ResourceRequest,
  request: ApiRequest,
): Promise<{ object: KubeObject; created: boolean }> {
  const wanted = await readWanted(context, kind, name, namespace, request)
  const manager = managerOf(kind, request, subresource)
  const force = request.query.get('force') === 'true'
  const schema = resolveSchema(context.schemas, { $ref: kind.definition })
  const apply = (current: KubeObject): KubeObject => {
    const time = formatTime(new Date())
    const result = applyObject(
      context.schemas,
      schema,
      current,
      clone(wanted),
      manager,
      force,
      time,
    )
    if (result.conflicts.length > 0) throw conflictError(result.conflicts)
    if (wanted.metadata.resourceVersion)
      result.object.metadata.resourceVersion = wanted.metadata.resourceVersion
    return result.object
  }
  const options = {
    user: request.user,
    dryRun: isDryRun(undefined, request.query),
    ...admissionNotes(request),
  }
  try {
    const object = await context.resources.update(
      kind,
      namespace,
      name,
      apply,
      options,
      subresource,
    )
    return { object, created: false }
  } catch (error) {
    const isMissing = error instanceof StatusError && error.status.code === 404
    if (!isMissing || subresource !== undefined || wanted.metadata.uid) throw error
  }
  const empty = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name } }
  const object = await context.resources.create(kind, namespace, apply(empty), options)
  return { object, created: true }
}

async function readWanted(
  { schemas }: ApiContext,
  kind: Kind,
  name: string,
  namespace: string | undefined,
  request: ApiRequest,
): Promise<KubeObject> {
  const raw = await readRawBody(request, () => undefined)
  if (!raw.apiVersion || !raw.kind)
    throw badRequest('an applied object names its apiVersion and kind')
  const wanted = decodeObject(schemas, kind, raw, request)
  const { metadata } = wanted
  if (metadata.managedFields !== undefined && metadata.managedFields.length > 0)
    throw badRequest('metadata.managedFields must be nil')
  if (metadata.name !== undefined && metadata.name !== name)
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${name})`,
    )
  if (metadata.namespace && namespace !== undefined && metadata.namespace !== namespace)
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  return wanted
}

function managerOf(kind: Kind, { query }: ApiRequest, subresource: string | undefined): Manager {
  const name = query.get('fieldManager') ?? ''
  if (name === '')
    throw invalid({ kind: 'PatchOptions', group: 'meta.k8s.io' }, '', [
      required('fieldManager', 'is required for apply patch'),
    ])
  return { name, operation: 'Apply', apiVersion: apiVersionOf(kind), subresource }
}

function describeOwner({ manager, apiVersion, subresource }: ManagedFieldsEntry): string {
  const part = subresource === undefined ? '' : ` with subresource ${JSON.stringify(subresource)}`
  return `conflict with ${JSON.stringify(manager)}${part} using ${apiVersion}`
}

function conflictError(conflicts: readonly FieldConflict[]): StatusError {
  const causes = conflicts.map(({ entry, path }) => ({
    reason: 'FieldManagerConflict',
    message: describeOwner(entry),
    field: describePath(path),
  }))
  const [first] = causes
  const list =
    causes.length === 1
      ? `${first!.message}: ${first!.field}`
      : causes.map(({ message, field }) => `${message}: ${field}`).join('\n- ')
  const count = `${causes.length} conflict${causes.length === 1 ? '' : 's'}`
  return new StatusError(
    409,
    'Conflict',
    `Apply failed with ${count}: ${causes.length === 1 ? list : `conflicts:\n- ${list}`}`,
    { causes },
  )
}
