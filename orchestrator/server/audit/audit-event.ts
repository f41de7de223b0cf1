import { isObject, textAt } from '../../api/object.ts'
import type { ApiRequest, User } from '../http-message.ts'
import type { ResourceRequest } from '../request-info.ts'
import type { AuditLevel, AuditStage } from './policy.ts'

// One line of the record. https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-Event

interface AuditUser {
  readonly username: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export interface AuditEvent {
  readonly kind: 'Event'
  readonly apiVersion: 'audit.k8s.io/v1'
  readonly level: AuditLevel
  /** The same for all stages of a request. */
  readonly auditID: string
  readonly stage: AuditStage
  readonly requestURI: string
  readonly verb: string
  readonly user: AuditUser
  readonly impersonatedUser?: AuditUser
  readonly sourceIPs?: readonly string[]
  readonly userAgent?: string
  readonly objectRef?: object
  readonly responseStatus?: object
  readonly requestObject?: unknown
  readonly responseObject?: unknown
  readonly requestReceivedTimestamp: string
  readonly stageTimestamp: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** What all stages of a request say alike. */
export interface AuditFacts {
  readonly auditID: string
  readonly level: AuditLevel
  readonly verb: string
  readonly request: ApiRequest
  readonly resource: ResourceRequest | undefined
  /** Milliseconds since 1970. */
  readonly receivedAt: number
}

/** What is known once there is an answer. */
export interface AuditOutcome {
  readonly code: number
  readonly requestObject?: unknown
  readonly responseObject?: unknown
}

export function makeAuditEvent(
  { auditID, level, verb, request, resource, receivedAt }: AuditFacts,
  stage: AuditStage,
  at: number,
  outcome?: AuditOutcome,
): AuditEvent {
  const { path, query, user, headers, source, notes } = request
  const search = query.toString()
  const userAgent = headers['user-agent']
  const annotations = notes?.annotations ?? {}
  const keepsRequest = level === 'Request' || level === 'RequestResponse'
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID,
    stage,
    requestURI: search === '' ? path : `${path}?${search}`,
    verb,
    user: auditUser(user),
    ...(notes?.impersonated ? { impersonatedUser: auditUser(notes.impersonated) } : {}),
    ...(source === undefined ? {} : { sourceIPs: [source] }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(resource ? { objectRef: referenceOf(resource, outcome) } : {}),
    ...(outcome ? { responseStatus: statusOf(outcome) } : {}),
    ...(keepsRequest && outcome?.requestObject !== undefined
      ? { requestObject: outcome.requestObject }
      : {}),
    ...(level === 'RequestResponse' && outcome?.responseObject !== undefined
      ? { responseObject: outcome.responseObject }
      : {}),
    requestReceivedTimestamp: microTime(receivedAt),
    stageTimestamp: microTime(at),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  }
}

function auditUser({ name, uid, groups, extra }: User): AuditUser {
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    ...(groups.length > 0 ? { groups } : {}),
    ...(extra ? { extra } : {}),
  }
}

/** Who creates names the object in the body only; the rest of what is known of it comes from there too. */
function referenceOf(resource: ResourceRequest, outcome: AuditOutcome | undefined): object {
  const { group, version, subresource, namespace } = resource
  const given = (field: string) => textAt(outcome?.requestObject, ['metadata', field])
  const name = resource.name ?? given('name')
  const uid = given('uid')
  const resourceVersion = given('resourceVersion')
  return {
    resource: resource.resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(group === '' ? {} : { apiGroup: group }),
    apiVersion: version,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(subresource === undefined ? {} : { subresource }),
  }
}

/** Of a success only its code; of a failure what the client was told. */
function statusOf({ code, responseObject }: AuditOutcome): object {
  if (!isObject(responseObject) || responseObject['kind'] !== 'Status')
    return { metadata: {}, code }
  const { status, message, reason, details } = responseObject
  return {
    metadata: {},
    ...(status === undefined ? {} : { status }),
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  }
}

/** A time with microseconds, as upstream's MicroTime. */
function microTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds)
  const rest = String(Math.floor((milliseconds - whole) * 1000)).padStart(3, '0')
  return new Date(whole).toISOString().replace('Z', `${rest}Z`)
}

/** The object without who manages its fields; also in lists. */
export function withoutManagedFields(value: unknown): unknown {
  if (!isObject(value)) return value
  const items = value['items']
  const inner = Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}
  const metadata = value['metadata']
  if (!isObject(metadata) || metadata['managedFields'] === undefined) return { ...value, ...inner }
  const { managedFields: _, ...rest } = metadata
  return { ...value, ...inner, metadata: rest }
}
