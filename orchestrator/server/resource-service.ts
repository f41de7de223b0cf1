import { randomBytes, randomUUID } from 'node:crypto'
import { recordUpdate } from '../api/apply/managed-fields.ts'
import { apiVersionOf } from '../api/kind.ts'
import type { Kind } from '../api/kind.ts'
import { clone, sameJson } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import { resolveSchema } from '../api/schema.ts'
import type { Schemas } from '../api/schema.ts'
import { alreadyExists, StatusError } from '../api/status-error.ts'
import { formatTime, prepareCreate, prepareUpdate } from '../api/write/prepare-write.ts'
import type { WriteContext } from '../api/write/prepare-write.ts'
import type { RecordSpan } from '../trace/span.ts'
import type { Admission, AdmissionRequest } from './admission.ts'
import type { User } from './http-message.ts'
import { readObject } from './object-storage.ts'
import type { ObjectStorage } from './object-storage.ts'
import { preciseNow, recordWrite } from './write-span.ts'

/** Of every write: who, and whether it is only asked what would be. */
export interface WriteOptions {
  readonly user: User
  readonly dryRun: boolean
  /** Who owns from now on what the write changes; absent where the object says so itself. */
  readonly manager?: string
  /** See `AdmissionRequest`. */
  readonly warn?: AdmissionRequest['warn']
  readonly annotate?: AdmissionRequest['annotate']
}

/** What an update is to make of what is stored. */
export type Change = (current: KubeObject) => KubeObject | Promise<KubeObject>

/** Writes of objects, for requests and for parts of the server itself. All failures are StatusErrors. */
export interface ResourceService {
  get(kind: Kind, namespace: string | undefined, name: string): Promise<KubeObject>
  create(
    kind: Kind,
    namespace: string | undefined,
    object: KubeObject,
    options: WriteOptions,
  ): Promise<KubeObject>
  /**
   * Change what is stored. `change` runs again when somebody else was faster, unless what it wants names a revision.
   * @param subresource only what belongs to it changes
   */
  update(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    change: Change,
    options: WriteOptions,
    subresource?: string,
  ): Promise<KubeObject>
}

// As Kubernetes draws them: no vowels and no look-alikes, so that no words come about.
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5
const mostAttempts = 8

export function nameSuffix(): string {
  return [...randomBytes(suffixLength)]
    .map((byte) => suffixLetters[byte % suffixLetters.length])
    .join('')
}

export function makeWriteContext(schemas: Schemas): WriteContext {
  return { schemas, now: new Date(), newUid: randomUUID, nameSuffix }
}

/** What is stored when nothing is left that keeps it. */
export function isFinished(object: KubeObject): boolean {
  if (object.metadata.deletionTimestamp === undefined) return false
  if ((object.metadata.finalizers ?? []).length > 0) return false
  const grace = object.metadata.deletionGracePeriodSeconds ?? 0
  const finalizers = object.spec?.['finalizers']
  const namespaceHeld =
    object.kind === 'Namespace' && Array.isArray(finalizers) && finalizers.length > 0
  return grace === 0 && !namespaceHeld
}

export function makeResourceService(
  storage: ObjectStorage,
  schemas: Schemas,
  admission: Admission,
  recordSpan: RecordSpan,
): ResourceService {
  function record(
    kind: Kind,
    object: KubeObject,
    current: KubeObject | undefined,
    name: string | undefined,
    subresource: string | undefined,
  ): void {
    if (name === undefined) return
    const schema = resolveSchema(schemas, { $ref: kind.definition })
    const manager = {
      name,
      operation: 'Update',
      apiVersion: apiVersionOf(kind),
      subresource,
    } as const
    recordUpdate(schemas, schema, object, current, manager, formatTime(new Date()))
  }

  async function updateOnce(
    kind: Kind,
    namespace: string | undefined,
    name: string,
    change: Change,
    { user, dryRun, manager, warn, annotate }: WriteOptions,
    subresource: string | undefined,
  ): Promise<KubeObject> {
    const startedAt = preciseNow()
    const entry = await storage.get(kind, namespace, name)
    const current = readObject(kind, entry.value, entry.revision)
    const wanted = await change(clone(current))
    const object = prepareUpdate(kind, wanted, current, subresource, makeWriteContext(schemas))
    const told = { user, dryRun, warn, annotate }
    await admission({ operation: 'UPDATE', kind, object, current, subresource, ...told })
    record(kind, object, current, manager, subresource)
    // What changes nothing is no write: watchers hear nothing of it.
    if (sameJson(object, current) || dryRun) return object
    const stored = kind.conversion
      ? kind.conversion.toStored(object, JSON.parse(entry.value) as KubeObject)
      : object
    if (isFinished(stored)) {
      await storage.delete(kind, stored, entry.revision)
      recordWrite(recordSpan, 'delete', object, { user, startedAt, manager })
      return object
    }
    const written = await storage.update(kind, stored, entry.revision)
    recordWrite(recordSpan, 'update', written, { user, startedAt, manager })
    return {
      ...object,
      metadata: { ...object.metadata, resourceVersion: written.metadata.resourceVersion! },
    }
  }

  return {
    get: async (kind, namespace, name) => {
      const entry = await storage.get(kind, namespace, name)
      return readObject(kind, entry.value, entry.revision)
    },
    create: async (kind, namespace, wanted, options) => {
      const { user, dryRun, manager, warn, annotate } = options
      const startedAt = preciseNow()
      const object = prepareCreate(kind, wanted, namespace, makeWriteContext(schemas))
      await admission({ operation: 'CREATE', kind, object, user, dryRun, warn, annotate })
      record(kind, object, undefined, manager, undefined)
      if (dryRun) return dryCreate(storage, kind, object)
      const created = await storage.create(kind, kind.conversion?.toStored(object) ?? object)
      recordWrite(recordSpan, 'create', created, { user, startedAt, manager })
      return kind.conversion?.fromStored(created) ?? created
    },
    update: async (kind, namespace, name, change, options, subresource) => {
      for (let attempt = 1; ; attempt++) {
        let namesRevision = false
        const watched: Change = async (current) => {
          const wanted = await change(current)
          namesRevision =
            Boolean(wanted.metadata.resourceVersion) &&
            wanted.metadata.resourceVersion !== current.metadata.resourceVersion
          return wanted
        }
        try {
          return await updateOnce(kind, namespace, name, watched, options, subresource)
        } catch (error) {
          const stale = error instanceof StatusError && error.status.reason === 'Conflict'
          if (!stale || namesRevision || attempt === mostAttempts) throw error
        }
      }
    },
  }
}

/** What a create would answer, with a conflict where there would be one. */
async function dryCreate(
  storage: ObjectStorage,
  kind: Kind,
  object: KubeObject,
): Promise<KubeObject> {
  const { namespace, name = '' } = object.metadata
  let exists = true
  try {
    await storage.get(kind, namespace, name)
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.code !== 404) throw error
    exists = false
  }
  if (exists) throw alreadyExists(kind, name)
  return object
}
