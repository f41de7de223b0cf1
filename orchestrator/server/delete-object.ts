import { isObject, numberAt, textAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import type { Kind } from '../api/kind.ts'
import { badRequest, conflict, StatusError } from '../api/status-error.ts'
import { formatTime } from '../api/write/prepare-write.ts'
import type { ApiContext } from './api-context.ts'
import type { User } from './http-message.ts'
import { readObject } from './object-storage.ts'
import { isFinished } from './resource-service.ts'
import { preciseNow, recordWrite } from './write-span.ts'

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
  readonly dryRun: boolean
}

export interface DeletionTarget {
  readonly kind: Kind
  readonly namespace: string | undefined
  readonly name: string
}

export interface Deletion {
  /** As it was last, or as it is while something still holds it. */
  readonly object: KubeObject
  readonly gone: boolean
}

/** The last second that is written with four digits of a year. */
const latestTime = Date.UTC(9999, 11, 31, 23, 59, 59)

const policies = ['Background', 'Foreground', 'Orphan'] as const
const mostAttempts = 8

/** @param body DeleteOptions, or nothing @throws StatusError 400 */
export function readDeleteOptions(
  body: JsonObject | undefined,
  query: URLSearchParams,
): DeleteOptions {
  const policy = textAt(body, ['propagationPolicy']) ?? query.get('propagationPolicy') ?? undefined
  const known = policies.find((name) => name === policy)
  if (policy && !known)
    throw badRequest(
      `invalid propagationPolicy ${JSON.stringify(policy)}: must be one of ${policies.join(', ')}`,
    )
  const fromQuery = query.get('gracePeriodSeconds')
  const grace =
    numberAt(body, ['gracePeriodSeconds']) ?? (fromQuery ? Number(fromQuery) : undefined)
  if (grace !== undefined && !Number.isSafeInteger(grace))
    throw badRequest('gracePeriodSeconds must be a number')
  if (body?.['orphanDependents'] === true && known === undefined)
    return { propagationPolicy: 'Orphan', dryRun: isDryRun(body, query) }
  const preconditions = body?.['preconditions']
  return {
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(known === undefined ? {} : { propagationPolicy: known }),
    ...(isObject(preconditions) ? { preconditions } : {}),
    dryRun: isDryRun(body, query),
  }
}

/** @throws StatusError 400 */
export function isDryRun(body: JsonObject | undefined, query: URLSearchParams): boolean {
  const fromBody = body?.['dryRun']
  const values = [...query.getAll('dryRun'), ...(Array.isArray(fromBody) ? fromBody : [])]
  const bad = values.find((value) => value !== 'All' && value !== '')
  if (bad !== undefined)
    throw badRequest(`dryRun: Unsupported value: ${JSON.stringify(bad)}: supported values: "All"`)
  return values.includes('All')
}

/**
 * Delete an object, or mark it as to be deleted while a finalizer or a pod's grace period holds it.
 * @throws StatusError 404, 409 when a precondition does not hold
 */
export async function deleteObject(
  { storage, admission, record }: Pick<ApiContext, 'storage' | 'admission' | 'record'>,
  { kind, namespace, name }: DeletionTarget,
  options: DeleteOptions,
  user: User,
): Promise<Deletion> {
  const startedAt = preciseNow()
  for (let attempt = 1; ; attempt++) {
    const entry = await storage.get(kind, namespace, name)
    const current = readObject(kind, entry.value, entry.revision)
    checkPreconditions(kind, current, options)
    await admission({ operation: 'DELETE', kind, object: current, user, dryRun: options.dryRun })
    const marked = markDeleted(kind, current, options, new Date())
    if (options.dryRun) return { object: marked, gone: isFinished(marked) }
    try {
      if (isFinished(marked)) {
        const revision = await storage.delete(kind, current, entry.revision)
        marked.metadata.resourceVersion = String(revision)
        recordWrite(record, 'delete', marked, { user, startedAt })
        return { object: marked, gone: true }
      }
      if (JSON.stringify(marked) === JSON.stringify(current))
        return { object: current, gone: false }
      const stored = kind.conversion?.toStored(marked) ?? marked
      const object = await storage.update(kind, stored, entry.revision)
      recordWrite(record, 'delete', object, { user, startedAt })
      return { object, gone: false }
    } catch (error) {
      const stale = error instanceof StatusError && error.status.reason === 'Conflict'
      if (!stale || attempt === mostAttempts) throw error
    }
  }
}

function checkPreconditions(
  kind: Kind,
  current: KubeObject,
  { preconditions }: DeleteOptions,
): void {
  const { name = '', uid, resourceVersion } = current.metadata
  if (preconditions?.uid && preconditions.uid !== uid)
    throw conflict(
      kind,
      name,
      `Precondition failed: UID in precondition: ${preconditions.uid}, UID in object meta: ${uid}`,
    )
  if (preconditions?.resourceVersion && preconditions.resourceVersion !== resourceVersion)
    throw conflict(
      kind,
      name,
      `Precondition failed: ResourceVersion in precondition: ${preconditions.resourceVersion}, ResourceVersion in object meta: ${resourceVersion}`,
    )
}

/** The object with its deletion written into it. Pure. */
export function markDeleted(
  kind: Kind,
  current: KubeObject,
  options: DeleteOptions,
  now: Date,
): KubeObject {
  const object = structuredClone(current)
  const { metadata } = object
  const grace = graceOf(kind, object, options)
  const finalizers = (metadata.finalizers ?? []).filter(
    (name) => options.propagationPolicy === undefined || !ownFinalizers.includes(name),
  )
  if (options.propagationPolicy === 'Foreground') finalizers.push('foregroundDeletion')
  if (options.propagationPolicy === 'Orphan') finalizers.push('orphan')
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
  const already = metadata.deletionGracePeriodSeconds
  if (metadata.deletionTimestamp === undefined || (already !== undefined && grace < already)) {
    metadata.deletionTimestamp = formatTime(
      new Date(Math.min(now.getTime() + grace * 1000, latestTime)),
    )
    metadata.deletionGracePeriodSeconds = grace
    if (kind.generation) metadata.generation = (metadata.generation ?? 1) + 1
  }
  if (kind.group === '' && kind.kind === 'Namespace')
    object.status = { ...object.status, phase: 'Terminating' }
  return object
}

const ownFinalizers = ['foregroundDeletion', 'orphan']

/** Only a pod that runs somewhere has something to end in peace. */
function graceOf(kind: Kind, object: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
  if (kind.group !== '' || kind.kind !== 'Pod') return 0
  const phase = textAt(object, ['status', 'phase'])
  if (!textAt(object, ['spec', 'nodeName']) || phase === 'Succeeded' || phase === 'Failed') return 0
  const wanted =
    gracePeriodSeconds ?? numberAt(object, ['spec', 'terminationGracePeriodSeconds']) ?? 30
  return Math.max(0, wanted)
}
